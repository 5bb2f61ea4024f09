import type { Change, Revision } from '@rackwright/contracts';

/** Every change of one revision, which is one transaction. */
export interface RevisionBatch {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

/**
 * Cuts the events of a watch into whole revisions. A reply that etcd split into fragments may end in the middle of
 * one: that tail waits for the next reply.
 */
export class RevisionBatches {
  #tail: readonly Change[] = [];

  /** The revisions complete with these changes; `isFragment` says that the same reply goes on in the next one. */
  accept(changes: readonly Change[], isFragment: boolean): readonly RevisionBatch[] {
    const batches = toBatches([...this.#tail, ...changes]);
    const unfinished = isFragment ? batches.pop() : undefined;
    this.#tail = unfinished?.changes ?? [];
    return batches;
  }
}

function toBatches(changes: readonly Change[]): RevisionBatch[] {
  const batches: { revision: Revision; changes: Change[] }[] = [];
  for (const change of changes) {
    const revision = change.kind === 'put' ? change.entry.modRevision : change.modRevision;
    const last = batches.at(-1);
    if (last?.revision === revision) last.changes.push(change);
    else batches.push({ revision, changes: [change] });
  }
  return batches;
}
