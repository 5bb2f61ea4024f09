import type { Ipv4 } from '@rackwright/kernel';

/** `not-asked`: the budget is used up, or this host may not or cannot ask; nothing is known then. */
export type ProbeAnswer = 'in-use' | 'silent' | 'not-asked';

/** Asks whether a host uses an address: the ICMP echo of RFC 2131 section 3.1. */
export interface AddressProbe extends Disposable {
  /**
   * Answers as soon as the host does, and `silent` after `deadlineMs`. Never rejects. Concurrent questions for one
   * address share one request; the number of addresses asked at once is bounded by the adapter.
   */
  ask(address: Ipv4, deadlineMs: number): Promise<ProbeAnswer>;
}
