import { isRetryable, OperationalError } from '@rackwright/kernel';
import type { Comparison, Revision, Store, StoreEntry, Write } from '@rackwright/contracts';

/** A change to write if nothing it was decided on has changed meanwhile. */
export interface PlannedChange<T> {
  readonly comparisons: readonly Comparison[];
  readonly writes: readonly Write[];
  /** What the caller gets once it is written. */
  readonly outcome: T;
  /** Key whose value tells, after a write without an answer, whether that write happened. */
  readonly witness: string;
  /** Default: the value is exactly the one written. */
  readonly isWritten?: (entry: StoreEntry) => boolean;
}

/** A change that is in the store. */
export interface WrittenChange<T> {
  readonly outcome: T;
  readonly revision: Revision;
}

/** Every lost race means that somebody else got on; whoever loses this often is told to come back later. */
const MAX_ATTEMPTS = 12;

/**
 * Decides and writes; decides anew whenever something the decision rests on changed in between. `plan` throws to
 * refuse. A write whose answer got lost is looked up once: it either happened, or the failure is passed on.
 */
export async function writeChange<T>(
  store: Store,
  plan: (attempt: number) => Promise<PlannedChange<T>>,
): Promise<WrittenChange<T>> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const change = await plan(attempt);
    const written = await tryWrite(store, change);
    if (written !== undefined) return { outcome: change.outcome, revision: written };
  }
  throw new OperationalError('the record is being changed too often at the moment', {
    code: 'unavailable',
    retryable: true,
  });
}

async function tryWrite<T>(store: Store, change: PlannedChange<T>): Promise<Revision | undefined> {
  // Nothing to do is decided on a read alone.
  if (change.writes.length === 0) return 0n;
  try {
    const { committed, revision } = await store.transact(change.comparisons, change.writes);
    return committed ? revision : undefined;
  } catch (error) {
    const revision = isRetryable(error) ? await findWritten(store, change) : undefined;
    if (revision === undefined) throw error;
    return revision;
  }
}

async function findWritten<T>(store: Store, change: PlannedChange<T>): Promise<Revision | undefined> {
  const entry = await store.get(change.witness);
  const written = change.writes.find((write) => write.kind !== 'delete-prefix' && write.key === change.witness);
  if (written?.kind === 'delete') return entry === undefined ? await store.currentRevision() : undefined;
  if (entry === undefined || written?.kind !== 'put') return undefined;
  const isWritten = change.isWritten?.(entry) ?? entry.value === written.value;
  return isWritten ? entry.modRevision : undefined;
}

/** The condition that a key still is as it was read; `undefined` means it was absent. */
export function unchangedSince(key: string, entry: { readonly revision: Revision } | undefined): Comparison {
  return entry === undefined ? { key, exists: false } : { key, modRevision: entry.revision };
}
