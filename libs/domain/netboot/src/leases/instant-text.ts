import { formatInstant, type EpochMs, type Instant } from '@rackwright/kernel';

/** Formats instants that come many times in a row: in a storm a dozen leases begin in the same millisecond. */
export class InstantText {
  #at: EpochMs | undefined;
  #text = '' as Instant;

  of(at: EpochMs): Instant {
    if (at !== this.#at) {
      this.#text = formatInstant(at);
      this.#at = at;
    }
    return this.#text;
  }
}
