import { formatInstant, type Clock, type Idc, type Mac } from '@rackwright/kernel';
import { isUnfinished } from '@rackwright/domain-provisioning';
import {
  encodeRecord,
  idcPrefix,
  keyspace,
  type PageQuery,
  type PutServer,
  type ServerRecord,
  type ServerView,
  type Store,
  type TaskRecord,
  type Write,
} from '@rackwright/contracts';
import { requireMatch, type IfMatch } from '@rackwright/platform';
import { pageItems, type Page } from '../http/page-items.js';
import type { Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { defined } from '../store/defined.js';
import { ReadRecords } from '../store/read-records.js';
import { unchangedSince, writeChange, type PlannedChange } from '../store/written-change.js';
import { historyWrite } from '../tasks/plan-attempt.js';
import { taskActive, type TaskPlace } from '../tasks/task-problems.js';
import { machineNotFound, macTaken } from './machine-problems.js';
import { serverView } from './server-view.js';

/** A machine under installation is known to its region by its MAC. */
function refuseToMove(former: Mac | undefined, task: TaskRecord | undefined): void {
  if (former !== undefined && task !== undefined && isUnfinished(task.status)) throw taskActive(task);
}

export interface ServerParts {
  readonly store: Store;
  readonly view: StateView;
  readonly clock: Clock;
}

/** The machines of each IDC. */
export class ServerRegistry {
  readonly #parts: ServerParts;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  async list(idc: Idc, query: PageQuery): Promise<Page<ServerView>> {
    const state = await this.#parts.view.fresh(idcPrefix(idc));
    const page = pageItems(state.servers.list(idc), query, { placeOf: ({ value }) => value.sn });
    return { ...page, items: page.items.map((server) => serverView(idc, server, state)) };
  }

  /** Throws 404. */
  async get({ idc, sn }: TaskPlace): Promise<ServerView> {
    const state = await this.#parts.view.fresh(idcPrefix(idc));
    const server = state.servers.get({ idc, sn });
    if (server === undefined) throw machineNotFound({ idc, sn });
    return serverView(idc, server, state);
  }

  /** Creates or replaces a machine's entry; a MAC that is left out stays as it is. */
  async put(at: TaskPlace, body: PutServer, ifMatch: IfMatch): Promise<{ readonly isNew: boolean }> {
    const { outcome } = await writeChange(this.#parts.store, () => this.#planPut(at, body, ifMatch));
    return outcome;
  }

  /** Forgets a machine without an unfinished task; its attempts stay in the history. */
  async remove({ idc, sn }: TaskPlace, ifMatch: IfMatch): Promise<void> {
    await writeChange(this.#parts.store, async () => {
      const keys = [keyspace.server.key({ idc, sn }), keyspace.task.key({ idc, sn })];
      const records = await ReadRecords.of(this.#parts.store, keys);
      const server = records.get(keyspace.server, { idc, sn });
      const task = records.get(keyspace.task, { idc, sn });
      if (server === undefined) throw machineNotFound({ idc, sn });
      requireMatch(ifMatch, server.revision);
      if (task !== undefined && isUnfinished(task.value.status)) throw taskActive(task.value);
      const owned = await this.#ownership({ idc, sn }, server.value.mac);
      const taskWrites: Write[] = task === undefined ? [] : [historyWrite(task), { kind: 'delete', key: task.key }];
      return {
        comparisons: [
          unchangedSince(server.key, server),
          unchangedSince(keyspace.task.key({ idc, sn }), task),
          ...owned.map((owner) => unchangedSince(owner.key, owner)),
        ],
        writes: [
          { kind: 'delete', key: server.key },
          ...owned.map(({ key }) => ({ kind: 'delete', key }) as const),
          ...taskWrites,
        ],
        outcome: undefined,
        witness: server.key,
      };
    });
  }

  async #planPut(at: TaskPlace, body: PutServer, ifMatch: IfMatch): Promise<PlannedChange<{ isNew: boolean }>> {
    const { idc, sn } = at;
    const { store, clock } = this.#parts;
    const keys = [keyspace.server.key({ idc, sn }), keyspace.task.key({ idc, sn })];
    const records = await ReadRecords.of(store, keys);
    const server = records.get(keyspace.server, { idc, sn });
    const task = records.get(keyspace.task, { idc, sn })?.value;
    requireMatch(ifMatch, server?.revision);
    const former = server?.value.mac;
    const mac = body.mac ?? former;
    if (former !== mac) refuseToMove(former, task);
    const ownership = await this.#planOwnership(at, { former, mac });
    const known: Pick<ServerRecord, 'status' | 'added_at'> = server?.value ?? {
      status: 'pending',
      added_at: formatInstant(clock.now()),
    };
    const { status, added_at } = known;
    const record: ServerRecord = defined({ status, added_at, ...body, sn, mac });
    const key = keyspace.server.key({ idc, sn });
    return {
      comparisons: [
        unchangedSince(key, server),
        unchangedSince(keyspace.task.key({ idc, sn }), records.get(keyspace.task, { idc, sn })),
        ...ownership.comparisons,
      ],
      writes: [{ kind: 'put', key, value: encodeRecord(record) }, ...ownership.writes],
      outcome: { isNew: server === undefined },
      witness: key,
    };
  }

  /** Hands the MAC to the machine; throws 409 when it is another machine's. */
  async #planOwnership(
    { idc, sn }: TaskPlace,
    { former, mac }: { readonly former: Mac | undefined; readonly mac: Mac | undefined },
  ): Promise<Pick<PlannedChange<unknown>, 'comparisons' | 'writes'>> {
    if (mac === undefined) return { comparisons: [], writes: [] };
    const key = keyspace.macOwner.key({ idc, mac });
    const owner = (await ReadRecords.of(this.#parts.store, [key])).get(keyspace.macOwner, { idc, mac });
    if (owner !== undefined && owner.value.sn !== sn) throw macTaken(mac, { idc, sn: owner.value.sn });
    const released = former === mac ? [] : await this.#ownership({ idc, sn }, former);
    return {
      comparisons: [unchangedSince(key, owner), ...released.map((old) => unchangedSince(old.key, old))],
      writes: [
        ...(owner === undefined ? [{ kind: 'put', key, value: encodeRecord({ sn }) } as const] : []),
        ...released.map((old) => ({ kind: 'delete', key: old.key }) as const),
      ],
    };
  }

  /** The record that makes `mac` this machine's, if there is one. */
  async #ownership({ idc, sn }: TaskPlace, mac: Mac | undefined): Promise<readonly Stored<{ readonly sn: string }>[]> {
    if (mac === undefined) return [];
    const records = await ReadRecords.of(this.#parts.store, [keyspace.macOwner.key({ idc, mac })]);
    const owner = records.get(keyspace.macOwner, { idc, mac });
    return owner?.value.sn === sn ? [owner] : [];
  }
}
