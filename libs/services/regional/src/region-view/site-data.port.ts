import type { Reservation, Subnet } from '@rackwright/domain-netboot';
import type { Mac } from '@rackwright/kernel';

/** Subnets and reservations that come from elsewhere than etcd; replaced as a whole. */
export interface SiteData {
  readonly subnets: readonly Subnet[];
  readonly reservations: ReadonlyMap<Mac, Reservation>;
}
