import type { EpochMs, Ipv4, Mac } from '@rackwright/kernel';

/** What a decision does to the addresses; the shell applies it before anything is sent. */
export type LeaseChange =
  | { readonly kind: 'hold'; readonly ip: Ipv4; readonly mac: Mac; readonly subnet: string; readonly until: EpochMs }
  | {
      readonly kind: 'bind';
      readonly ip: Ipv4;
      readonly mac: Mac;
      readonly subnet: string;
      readonly until: EpochMs;
      readonly clientId?: string;
      readonly hostname?: string;
    }
  | { readonly kind: 'drop-hold'; readonly mac: Mac; readonly subnet: string }
  | { readonly kind: 'release'; readonly ip: Ipv4; readonly mac: Mac }
  | { readonly kind: 'decline'; readonly ip: Ipv4; readonly subnet: string; readonly until: EpochMs };
