/** What is known on disk of a fetched image; its octets are in a file beside it. */
export interface IsoRecord {
  readonly url: string;
  /** Tells this content from any other that the same URL ever had. */
  readonly identity: string;
  readonly sizeBytes: number;
  readonly etag?: string;
  readonly lastModified?: string;
  /** Octets on disk, from the first on. */
  readonly fetched: number;
  /** The magic that was looked for, up to where it is decided, and where it was found. */
  readonly magic: string;
  readonly decidedTo: number;
  readonly offsets: readonly number[];
  readonly isComplete: boolean;
}

/** Reads a record; `undefined` when it is none of ours or contradicts itself. */
export function parseIsoRecord(text: string): IsoRecord | undefined {
  let value: Partial<IsoRecord> | null;
  try {
    value = JSON.parse(text) as Partial<IsoRecord> | null;
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== 'object') return undefined;
  const { url, identity, magic, offsets, isComplete } = value;
  const texts = [url, identity, magic];
  const isShaped =
    texts.every((member) => typeof member === 'string') &&
    typeof isComplete === 'boolean' &&
    Array.isArray(offsets) &&
    offsets.every(isCount);
  return isShaped && areLengthsSound(value) ? (value as IsoRecord) : undefined;
}

function areLengthsSound({ sizeBytes, fetched, decidedTo, isComplete }: Partial<IsoRecord>): boolean {
  if (!isCount(sizeBytes) || !isCount(fetched) || !isCount(decidedTo)) return false;
  return decidedTo <= fetched && fetched <= sizeBytes && (isComplete !== true || fetched === sizeBytes);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
