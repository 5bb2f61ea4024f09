/** Where machines reach this region over HTTP. */
export class PublicAddress {
  #url: string | undefined;

  /** `configured` takes precedence over the address the region listens on. */
  constructor(configured?: string) {
    this.#url = configured?.replace(/\/+$/, '');
  }

  /** `http://host:port`, without a slash at the end. */
  get url(): string {
    if (this.#url === undefined) throw new Error('the region does not listen yet');
    return this.#url;
  }

  /** Takes the address the region listens on, unless one was configured. */
  listensOn(url: string): void {
    this.#url ??= url;
  }
}

/** Nest token of {@link PublicAddress}. */
export const PUBLIC_ADDRESS = Symbol('PublicAddress');
