/** A bounded cursor over text: what does not match moves nothing. */
export class TextCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** What has not been read. */
  get rest(): string {
    return this.#text.slice(this.#at);
  }

  /** Reads what the sticky expression matches here; `undefined` when it does not. */
  match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  /** Reads one given character. */
  take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }
}
