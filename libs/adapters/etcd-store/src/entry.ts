import type { Change, Revision, StoreEntry } from '@rackwright/contracts';
import type { IEvent, IKeyValue } from 'etcd3';

/** Every reply of etcd that says at which revision it was made. */
interface Stamped {
  readonly header: { readonly revision: string };
}

/** The `header.revision` of a reply. */
export function revisionOf(reply: Stamped): Revision {
  return BigInt(reply.header.revision);
}

/** A key-value pair of etcd as the port describes it. */
export function toEntry(pair: IKeyValue): StoreEntry {
  const entry = {
    key: pair.key.toString(),
    value: pair.value.toString(),
    createRevision: BigInt(pair.create_revision),
    modRevision: BigInt(pair.mod_revision),
  };
  return pair.lease === '0' ? entry : { ...entry, leaseId: pair.lease };
}

/** A watch event of etcd as the port describes it. */
export function toChange(event: IEvent): Change {
  return event.type === 'Delete'
    ? { kind: 'delete', key: event.kv.key.toString(), modRevision: BigInt(event.kv.mod_revision) }
    : { kind: 'put', entry: toEntry(event.kv) };
}
