/** A turn rarely writes more; a burst that does is not held back. */
const MAX_HELD_CHARS = 64 * 1_024;

/** Where text goes, at once. */
export interface TextSink {
  write(text: string): unknown;
}

/**
 * Writes the lines of one turn of the event loop together: under load a system call serves many lines. Nothing waits
 * longer than the turn; `flush` writes at once.
 */
export class TurnWriter implements TextSink {
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
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  flush(): void {
    const text = this.#held;
    if (text === '') return;
    this.#held = '';
    this.#sink.write(text);
  }
}
