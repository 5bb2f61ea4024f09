interface Due<T> {
  readonly at: number;
  readonly item: T;
}

/**
 * Items by the time to look at them again: a binary heap. What falls due later than it was scheduled for is looked at
 * early and scheduled again by the caller, so that extending a thousand times costs one entry, not a thousand.
 */
export class ExpiryQueue<T> {
  readonly #heap: Due<T>[] = [];
  readonly #scheduledAt = new Map<T, number>();

  get size(): number {
    return this.#heap.length;
  }

  /** Makes sure that `item` comes up at `at` or earlier. */
  schedule(item: T, at: number): void {
    const scheduledAt = this.#scheduledAt.get(item);
    if (scheduledAt !== undefined && scheduledAt <= at) return;
    this.#scheduledAt.set(item, at);
    this.#heap.push({ at, item });
    let index = this.#heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (!this.#swapIfEarlier(index, parent)) return;
      index = parent;
    }
  }

  /** The earliest item that is due at `now`, taken out. */
  popDue(now: number): T | undefined {
    for (let first = this.#takeDue(now); first !== undefined; first = this.#takeDue(now)) {
      if (this.#scheduledAt.get(first.item) !== first.at) continue;
      this.#scheduledAt.delete(first.item);
      return first.item;
    }
    return undefined;
  }

  #takeDue(now: number): Due<T> | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = this.#isEarlier(right, left) ? right : left;
      if (!this.#swapIfEarlier(child, index)) return;
      index = child;
    }
  }

  #isEarlier(left: number, right: number): boolean {
    return (this.#heap[left]?.at ?? Infinity) < (this.#heap[right]?.at ?? Infinity);
  }

  #swapIfEarlier(index: number, other: number): boolean {
    const [one, two] = [this.#heap[index], this.#heap[other]];
    if (one === undefined || two === undefined || one.at >= two.at) return false;
    this.#heap[index] = two;
    this.#heap[other] = one;
    return true;
  }
}
