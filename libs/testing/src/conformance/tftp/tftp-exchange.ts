import { readFile } from 'node:fs/promises';

/** A file the server under test must have. */
interface ExchangeFile {
  readonly name: string;
  /** Octet i is (7 * i + floor(i / 256)) modulo 256. */
  readonly bytes?: number;
  readonly hex?: string;
}

/** Which of the client's two ports. */
type Speaker = 'client' | 'stranger';

export interface SendStep {
  readonly send: string;
  readonly by?: Speaker;
  /** To the request port although a transfer runs. */
  readonly to?: 'server';
}

export interface ExpectStep {
  readonly expect: string;
  readonly content?: readonly [file: string, offset: number, length: number];
  readonly freshPort?: boolean;
}

export interface ExpectErrorStep {
  readonly expectError: number;
  readonly by?: Speaker;
}

export interface SilenceStep {
  readonly silentMs: number;
  readonly by?: Speaker;
}

export type ExchangeStep = SendStep | ExpectStep | ExpectErrorStep | SilenceStep;

/** What one statement of the conformance list means on the wire. */
export interface TftpExchange {
  /** Such as `T4`. */
  readonly statement: string;
  readonly title: string;
  /** The section that says so. */
  readonly source: string;
  /** Options of which a server may grant less than the vector says. */
  readonly grants?: readonly string[];
  readonly steps: readonly ExchangeStep[];
}

/** The files and exchanges of `fixtures/tftp/exchanges.json`. */
export interface TftpExchanges {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly exchanges: readonly TftpExchange[];
}

const VECTORS = new URL('../../../../../fixtures/tftp/exchanges.json', import.meta.url);

export async function readTftpExchanges(): Promise<TftpExchanges> {
  const { files, exchanges } = JSON.parse(await readFile(VECTORS, 'utf8')) as {
    files: readonly ExchangeFile[];
    exchanges: readonly TftpExchange[];
  };
  return { files: new Map(files.map((file) => [file.name, contentOf(file)])), exchanges };
}

function contentOf({ bytes = 0, hex }: ExchangeFile): Uint8Array {
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  return Uint8Array.from({ length: bytes }, (_, index) => (7 * index + Math.floor(index / 256)) % 256);
}
