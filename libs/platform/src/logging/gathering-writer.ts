/** How long a line may be held back. */
const GATHER_MS = 5;
const MAX_HELD_CHARS = 64 * 1_024;

/** Where text goes, at once. */
export interface TextSink {
  write(text: string): unknown;
}

/** Writes the lines of a few milliseconds together: under load a system call serves many lines. */
export class GatheringWriter implements TextSink {
  readonly #sink: TextSink;
  #held = '';
  #isScheduled = false;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  write(line: string): void {
    this.#held += line;
    if (this.#held.length >= MAX_HELD_CHARS) {
      this.flush();
      return;
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.flush();
    }, GATHER_MS).unref();
  }

  /** Writes what is held back. */
  flush(): void {
    const text = this.#held;
    if (text === '') return;
    this.#held = '';
    this.#sink.write(text);
  }
}
