/** The terminal and the network around the command line. */
export interface CliWorld {
  /** Of this program. */
  readonly version: string;
  /** Without the program itself. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  print(text: string): void;
  printError(text: string): void;
  readFile(path: string): Promise<Uint8Array>;
  readonly fetch: typeof fetch;
  /** Aborts after `timeoutMs`. */
  deadline(timeoutMs: number): AbortSignal;
}

/** What the shell is told: done, failed, or called the wrong way. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** A failure that is told in words, without a stack; the message is written for the person at the terminal. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
}
