import { decodeRecord, type Comparison, type KeyContract, type Revision, type Store } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';

/** A record as etcd holds it. */
export interface Stored<R> {
  readonly value: R;
  readonly modRevision: Revision;
}

/** Reads one record. One that breaks its schema must not be built upon: that rejects, and is not retryable. */
export async function readRecord<P extends string, R extends object>(
  store: Store,
  contract: KeyContract<P, R>,
  ids: Readonly<Record<P, string>>,
): Promise<Stored<R> | undefined> {
  const key = contract.key(ids);
  const entry = await store.get(key);
  if (entry === undefined) return undefined;
  const decoded = decodeRecord(contract.schema, entry.value);
  if (decoded.ok) return { value: decoded.value, modRevision: entry.modRevision };
  throw new OperationalError(`the record ${key} is invalid`, { code: 'unavailable', retryable: false });
}

/** Holds while nobody has written the key since it was read. */
export function unchangedSince(key: string, found: { readonly modRevision: Revision } | undefined): Comparison {
  return found === undefined ? { key, exists: false } : { key, modRevision: found.modRevision };
}
