import type { TraceCarrier } from './trace-carrier.js';

/** A message a stream holds, as its JSON text, so that nobody shares objects through it. */
export interface StreamEntry {
  readonly seq: number;
  readonly subject: string;
  readonly id: string;
  readonly body: string;
  readonly trace: TraceCarrier;
}

/** Where a message is in its stream, and whether it was there before. */
export interface Stored {
  readonly seq: number;
  readonly duplicate: boolean;
}

/** Which entries: those behind `after`, on `subject` when given, at most `limit`. */
export interface EntryQuery {
  readonly after: number;
  readonly subject?: string | undefined;
  readonly limit: number;
}

/** An append-only sequence that keeps its newest messages and knows them by their ids. */
export class MemoryStream {
  readonly #maxEntries: number;
  readonly #seqById = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #entries: StreamEntry[] = [];
  #last = 0;
  #generation = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Changes when the stream loses everything: positions of an earlier generation mean nothing then. */
  get generation(): number {
    return this.#generation;
  }

  get first(): number {
    return this.#entries[0]?.seq ?? this.#last + 1;
  }

  get last(): number {
    return this.#last;
  }

  append(message: Omit<StreamEntry, 'seq'>): Stored {
    const known = this.#seqById.get(message.id);
    if (known !== undefined) return { seq: known, duplicate: true };
    this.#last += 1;
    this.#entries.push({ ...message, seq: this.#last });
    this.#seqById.set(message.id, this.#last);
    this.#dropOldest();
    this.wake();
    return { seq: this.#last, duplicate: false };
  }

  read({ after, subject, limit }: EntryQuery): readonly StreamEntry[] {
    const found: StreamEntry[] = [];
    for (let index = Math.max(0, after + 1 - this.first); index < this.#entries.length; index += 1) {
      if (found.length >= limit) break;
      const entry = this.#entries[index];
      if (entry !== undefined && (subject === undefined || entry.subject === subject)) found.push(entry);
    }
    return found;
  }

  /** Resolves at the next change of the stream, or at the next `wake`. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  /** Makes everyone who waits for a change look again. */
  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  /** Loses everything, numbering included. */
  wipe(): void {
    this.#entries = [];
    this.#seqById.clear();
    this.#last = 0;
    this.#generation += 1;
    this.wake();
  }

  #dropOldest(): void {
    // Half at once: shifting one entry out of a long array for every one put in would cost its length each time.
    if (this.#entries.length <= this.#maxEntries * 2) return;
    const dropped = this.#entries.splice(0, this.#entries.length - this.#maxEntries);
    for (const { id } of dropped) this.#seqById.delete(id);
  }
}
