import { MAX_TRANSACTION_OPS, type Comparison, type Write } from '@rackwright/contracts';
import type { ICompare, IRequestOp, ITxnRequest } from 'etcd3';
import { prefixRange } from './key-range.js';

/** The etcd transaction that applies `writes` if every comparison holds and does nothing otherwise. */
export function toTransaction(comparisons: readonly Comparison[], writes: readonly Write[]): ITxnRequest {
  assertBounded(comparisons.length, 'comparisons');
  assertBounded(writes.length, 'writes');
  return { compare: comparisons.map(toCompare), success: writes.map(toOperation) };
}

/** The etcd transaction that reads many keys at one revision. */
export function toReadTransaction(keys: readonly string[]): ITxnRequest {
  assertBounded(keys.length, 'keys');
  return { success: keys.map((key) => ({ request_range: { key: Buffer.from(key) } })) };
}

/** Throws `RangeError` for more than one transaction may hold. */
export function assertBounded(count: number, what: string): void {
  if (count > MAX_TRANSACTION_OPS) {
    throw new RangeError(`${count} ${what} in one transaction, at most ${MAX_TRANSACTION_OPS} are possible`);
  }
}

function toCompare(comparison: Comparison): ICompare {
  const key = Buffer.from(comparison.key);
  if ('modRevision' in comparison) {
    return { key, target: 'Mod', result: 'Equal', mod_revision: String(comparison.modRevision) };
  }
  // etcd gives an absent key the create revision 0.
  return { key, target: 'Create', result: comparison.exists ? 'Greater' : 'Equal', create_revision: '0' };
}

function toOperation(write: Write): IRequestOp {
  switch (write.kind) {
    case 'put': {
      const put = { key: Buffer.from(write.key), value: Buffer.from(write.value) };
      return { request_put: write.leaseId === undefined ? put : { ...put, lease: write.leaseId } };
    }
    case 'delete':
      return { request_delete_range: { key: Buffer.from(write.key) } };
    case 'delete-prefix':
      return { request_delete_range: prefixRange(write.prefix) };
  }
}
