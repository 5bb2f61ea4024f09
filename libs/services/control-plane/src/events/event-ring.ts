import type { StoredEvent } from '@rackwright/contracts';

/** The newest events of the stream, without gaps, up to a bound. */
export class EventRing {
  readonly #capacity: number;
  #events: StoredEvent[] = [];
  #floor: number;

  /** Holds what comes after position `floor`. */
  constructor(capacity: number, floor: number) {
    this.#capacity = capacity;
    this.#floor = floor;
  }

  /** Every event after this position, up to {@link position}, is here. */
  get floor(): number {
    return this.#floor;
  }

  get position(): number {
    return this.#events.at(-1)?.seq ?? this.#floor;
  }

  push(stored: StoredEvent): void {
    this.#events.push(stored);
    if (this.#events.length < this.#capacity * 2) return;
    // Cut in halves, not one by one: moving the rest of the list costs as much for many as for one.
    const dropped = this.#events.splice(0, this.#events.length - this.#capacity);
    this.#floor = dropped.at(-1)?.seq ?? this.#floor;
  }

  /** The events after `position`, which must not be below {@link floor}. */
  after(position: number): readonly StoredEvent[] {
    const first = this.#events.findIndex(({ seq }) => seq > position);
    return first === -1 ? [] : this.#events.slice(first);
  }
}
