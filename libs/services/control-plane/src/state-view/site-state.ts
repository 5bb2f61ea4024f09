import { keyspace, type Change, type KeyContract, type NodeRecord, type TaskRecord } from '@rackwright/contracts';
import { RecordTable, type InvalidRecord, type Stored } from './record-table.js';
import { TaskIndex } from './task-index.js';

/** What every table does, whatever it holds. */
type AnyTable = Pick<RecordTable<never, object>, 'put' | 'delete' | 'invalid' | 'groups'> & {
  readonly contract: unknown;
};

/** The contents of `/os/`, parsed and indexed, as of some revision. */
export class SiteState {
  readonly taskIndex = new TaskIndex();
  readonly tasks = new RecordTable(keyspace.task, (before, after) => {
    this.taskIndex.update(before, after);
  });
  readonly servers = new RecordTable(keyspace.server);
  readonly macOwners = new RecordTable(keyspace.macOwner);
  readonly metas = new RecordTable(keyspace.meta);
  readonly liveness = new RecordTable(keyspace.liveness);
  readonly nodes = new RecordTable(keyspace.node);
  readonly commands = new RecordTable(keyspace.command);
  readonly subnets = new RecordTable(keyspace.subnet);
  readonly reservations = new RecordTable(keyspace.reservation);
  readonly settings = new RecordTable(keyspace.settings);
  readonly leases = new RecordTable(keyspace.lease);
  readonly regionInfos = new RecordTable(keyspace.regionInfo);
  readonly regionHeartbeats = new RecordTable(keyspace.regionHeartbeat);
  readonly regionPresences = new RecordTable(keyspace.regionPresence);
  readonly unmatched = new RecordTable(keyspace.unmatched);
  readonly profiles = new RecordTable(keyspace.profile);
  readonly outbox = new RecordTable(keyspace.outbox);

  readonly #ofSites: readonly AnyTable[] = [
    this.tasks,
    this.servers,
    this.macOwners,
    this.metas,
    this.liveness,
    this.nodes,
    this.commands,
    this.subnets,
    this.reservations,
    this.settings,
    this.leases,
  ];
  readonly #shared: readonly AnyTable[] = [
    this.regionInfos,
    this.regionHeartbeats,
    this.regionPresences,
    this.unmatched,
    this.profiles,
    this.outbox,
  ];

  readonly #byContract: ReadonlyMap<unknown, AnyTable> = new Map(
    [...this.#ofSites, ...this.#shared].map((table) => [table.contract, table]),
  );

  /** Takes over changes; a key of no known kind is somebody else's and is passed over. */
  apply(changes: readonly Change[]): void {
    for (const change of changes) this.#applyOne(change);
  }

  /** A record of any kind that is kept here. */
  get<Parts extends string, V extends object>(
    contract: KeyContract<Parts, V>,
    ids: Readonly<Record<Parts, string>>,
  ): Stored<V> | undefined {
    const table = this.#byContract.get(contract);
    return (table as unknown as RecordTable<Parts, V> | undefined)?.get(ids);
  }

  /** Every IDC that has anything at all: a region, a machine, a node or network data. */
  idcs(): readonly string[] {
    const named = new Set([...this.#ofSites, this.regionInfos, this.regionHeartbeats].flatMap((t) => t.groups()));
    return [...named].sort();
  }

  /** The node with this MAC, wherever it is. */
  findNode(mac: string): Stored<NodeRecord> | undefined {
    for (const idc of this.nodes.groups()) {
      const node = this.nodes.get({ idc, mac });
      if (node !== undefined) return node;
    }
    return undefined;
  }

  findTask(idc: string, sn: string): Stored<TaskRecord> | undefined {
    return this.tasks.get({ idc, sn });
  }

  isRegionOnline(idc: string): boolean {
    return this.regionHeartbeats.get({ idc }) !== undefined;
  }

  /** Stored values that break their schema. */
  invalid(): readonly InvalidRecord[] {
    return [...this.#ofSites, ...this.#shared].flatMap((table) => table.invalid());
  }

  #applyOne(change: Change): void {
    for (const tables of [this.#ofSites, this.#shared]) {
      const isTaken = tables.some((table) =>
        change.kind === 'put' ? table.put(change.entry) : table.delete(change.key),
      );
      if (isTaken) return;
    }
  }
}
