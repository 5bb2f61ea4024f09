import type { EpochMs, Ipv4, Mac } from '@rackwright/kernel';
import type { Lease } from '../site-data.js';

/** Reads of the addresses of a site; none of them changes anything. */
export interface LeaseLookup {
  /** The record of an address, ended ones included. */
  find(ip: Ipv4): Lease | undefined;
  /** The client's own record in a subnet: an active lease, or an ended one whose address is still its to take again. */
  ofClient(mac: Mac, subnet: string): Lease | undefined;
  /** The address offered to the client in a subnet and not yet given up. */
  heldBy(mac: Mac, subnet: string): Ipv4 | undefined;
  /** Whether `mac` may have `ip` now: nobody else holds or leases it and it is not in quarantine. */
  isFreeFor(ip: Ipv4, mac: Mac, now: EpochMs): boolean;
  /** Whether `ip` belongs to a pool of the subnet and is reserved for nobody. */
  isPooled(ip: Ipv4, subnet: string): boolean;
  /**
   * An address of the subnet's pools that nobody has, preferring one nobody had: near the place the MAC hashes to, so
   * that independent servers with one configuration propose the same. `undefined` when all are taken.
   */
  propose(mac: Mac, subnet: string): Ipv4 | undefined;
}
