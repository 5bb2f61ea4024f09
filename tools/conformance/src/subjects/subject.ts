import type { PrivateNetwork } from '@rackwright/testing';

/** A server that statements are played against. */
export interface Subject {
  readonly name: string;
  version(): Promise<string>;
  /** Starts it on the network with what {@link siteOf} describes, ready to answer. */
  start(network: PrivateNetwork): Promise<AsyncDisposable>;
  /** URL path of the boot file over HTTP, where it serves that. */
  readonly httpFile?: string;
  /** It serves the boot file by TFTP. */
  readonly hasTftp: boolean;
}

/** The machine whose address the runner has, and one with a long boot file. */
export const RESERVED = { mac: '02:aa:00:00:00:01', ip: '10.99.0.10' } as const;
export const LONG = { mac: '02:aa:00:00:00:02', ip: '10.99.0.11', file: `boot-${'x'.repeat(140)}.efi` } as const;
export const RUNNER = '10.99.0.2';
export const SERVER = '10.99.0.1';
export const HTTP_PORT = 8081;

/** Every subject is configured to this description. */
export const siteOf = {
  server: SERVER,
  relay: { address: RUNNER },
  subnet: '10.99.0.0/24',
  pool: { start: '10.99.0.100', end: '10.99.0.199' },
  reservation: RESERVED,
  direct: true,
  second: { link: '10.98.0.1', subnet: '10.98.0.0/24' },
  boots: true,
  boots_http: true,
  long_boot_file: { mac: LONG.mac, file: LONG.file },
  routes: true,
  search: true,
} as const;
