/** What one load client does. */
export interface Load {
  readonly address: string;
  readonly port: number;
  readonly file: string;
  readonly fileBytes: number;
  readonly blockSizeBytes: number;
  readonly windowBlocks: number;
  readonly clients: number;
  /** Ends unfinished transfers after so long. */
  readonly maxSeconds: number;
}

/** What came of it. */
export interface LoadResult {
  readonly bytes: number;
  readonly seconds: number;
  /** Processor time of the load client itself. */
  readonly cpuSeconds: number;
  readonly finished: number;
  /** Seconds of silence after which packets were repeated. */
  readonly stalls: number;
  readonly gaps: number;
  readonly fewestBytes: number;
  /** The window the server granted; 1 without an answer to the option. */
  readonly windowBlocks: number;
}

/** Octet groups of the file by which each block shows where it belongs. */
export const WORD_BYTES = 4;
