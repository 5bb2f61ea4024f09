import type { ApiClient } from './api-client.js';

/** What commands work with. */
export interface Session {
  readonly api: () => ApiClient;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** Prints an answer: as JSON where that is wanted, else in words. */
  readonly show: <T>(answer: T, words: (answer: T) => string) => void;
}
