import { createHash } from 'node:crypto';

/** Where records live. */
const IDEMPOTENCY_PREFIX = '/os/global/idempotency/';

/** An answer as it is replayed. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the store knows of a key: a request being processed, or its answer. */
export interface IdempotencyRecord {
  /** Of method, URL and body: another request with the same key is a mistake of the caller. */
  readonly fingerprint: string;
  readonly answer?: StoredAnswer;
}

/** The store key of an `Idempotency-Key`: hashed, because the caller chooses its characters. */
export function idempotencyStoreKey(key: string): string {
  return IDEMPOTENCY_PREFIX + createHash('sha256').update(key).digest('hex');
}

/** What makes two requests the same. */
export function fingerprintOf(method: string, url: string, body: unknown): string {
  return createHash('sha256')
    .update(`${method} ${url}\n`)
    .update(body === undefined ? '' : JSON.stringify(body))
    .digest('hex');
}

/** Reads a record; `undefined` when it is none of ours. */
export function parseRecord(json: string): IdempotencyRecord | undefined {
  try {
    const value = JSON.parse(json) as Partial<IdempotencyRecord> | null;
    return typeof value?.fingerprint === 'string' ? (value as IdempotencyRecord) : undefined;
  } catch {
    return undefined;
  }
}
