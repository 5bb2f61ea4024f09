import { decodeRecord, keyspace, type KeyContract, type Store } from '@rackwright/contracts';
import type { Node } from '@rackwright/domain-netboot';
import type { Task } from '@rackwright/domain-provisioning';
import type { Idc, Instant, Mac, Sn } from '@rackwright/kernel';
import type { RegionState } from '../region-view/region-state.js';
import { taskOf } from '../region-view/stored-values.js';
import type { Read, RecordSource } from './fact-batch.js';
import type { RecordReader } from './plan-fact.js';

/** Reads etcd itself. */
export function storeSource(idc: Idc, store: Store): RecordSource {
  const read = async <P extends string, R extends object>(
    contract: KeyContract<P, R>,
    ids: Readonly<Record<P, string>>,
  ): Promise<Read<R> | undefined> => {
    const entry = await store.get(contract.key(ids));
    if (entry === undefined) return undefined;
    const decoded = decodeRecord(contract.schema, entry.value);
    return { value: decoded.ok ? decoded.value : undefined, modRevision: entry.modRevision };
  };
  return {
    task: async (sn) => {
      const found = await read(keyspace.task, { idc, sn });
      return found?.value === undefined ? undefined : { ...found, value: taskOf(found.value) };
    },
    node: (mac) => read(keyspace.node, { idc, mac }),
    firstSeen: async (mac) => {
      const found = await read(keyspace.unmatched, { idc, mac });
      return found === undefined ? undefined : { ...found, value: found.value?.first_seen };
    },
  };
}

/** Reads what the view got from etcd; what the view keeps in abridged form comes from `store`. */
export function viewSource(state: RegionState, store: RecordSource): RecordSource {
  return {
    task: async (sn: Sn): Promise<Read<Task> | undefined> => {
      const held = state.storedTask(sn);
      return held?.isAbridged === true ? store.task(sn) : held;
    },
    node: async (mac: Mac): Promise<Read<Node> | undefined> => state.storedNode(mac),
    firstSeen: async (mac: Mac): Promise<Read<Instant> | undefined> => state.storedFirstSeen(mac),
  };
}

/** Reads the view with everything that is kept over it, as machines see it. */
export function effectiveView(state: RegionState): RecordReader {
  return {
    task: async (sn) => state.taskBySn(sn),
    node: async (mac) => state.nodeByMac(mac),
    firstSeen: async (mac) => state.storedFirstSeen(mac)?.value,
  };
}
