import type { SiteFile } from './site-file.js';

/** Says once that there is enough to serve from: what etcd or a snapshot of it holds, and the site file if there is one. */
export class ViewGate {
  readonly #site: SiteFile | undefined;
  readonly #open: () => void;
  #isStateKnown = false;

  constructor(site: SiteFile | undefined, open: () => void) {
    this.#site = site;
    this.#open = open;
    site?.onLoaded(() => {
      this.#update();
    });
  }

  /** What etcd holds has been read, or has to be done without. */
  noteState(): void {
    this.#isStateKnown = true;
    this.#update();
  }

  #update(): void {
    if (this.#isStateKnown && (this.#site?.isLoaded ?? true)) this.#open();
  }
}
