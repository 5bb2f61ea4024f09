import { formatInstant, type Clock, type Idc, type Mac, type Sn } from '@rackwright/kernel';
import {
  encodeRecord,
  keyspace,
  type MachineMetaRecord,
  type PageQuery,
  type ServerRecord,
  type Store,
  type UnmatchedView,
} from '@rackwright/contracts';
import { pageItems, type Page } from '../http/page-items.js';
import type { StateView } from '../state-view/state-view.js';
import { folderOf } from '../store/folder-of.js';
import { ReadRecords } from '../store/read-records.js';
import { unchangedSince, writeChange, type PlannedChange } from '../store/written-change.js';
import { machineExists, macTaken, nothingReported } from './machine-problems.js';
import { unmatchedView } from './server-view.js';

export interface UnmatchedParts {
  readonly store: Store;
  readonly view: StateView;
  readonly clock: Clock;
}

/** Hardware that reported without a task. */
export class UnmatchedMachines {
  readonly #parts: UnmatchedParts;

  constructor(parts: UnmatchedParts) {
    this.#parts = parts;
  }

  /** Seen last comes first. */
  async list(idc: Idc, query: PageQuery): Promise<Page<UnmatchedView>> {
    const state = await this.#parts.view.fresh(folderOf(keyspace.unmatched.key({ idc, mac: '-' })));
    const page = pageItems(state.unmatched.list(idc), query, {
      placeOf: ({ value }) => `${value.last_seen}/${value.mac_address}`,
      isDescending: true,
    });
    return { ...page, items: page.items.map((report) => unmatchedView(idc, report)) };
  }

  /** Turns a report into a machine known as `sn`. Throws 404 and 409. */
  async claim(at: { readonly idc: Idc; readonly mac: Mac }, sn: Sn): Promise<void> {
    await writeChange(this.#parts.store, () => this.#planClaim(at, sn));
  }

  async #planClaim({ idc, mac }: { idc: Idc; mac: Mac }, sn: Sn): Promise<PlannedChange<undefined>> {
    const { store, clock } = this.#parts;
    const keys = {
      unmatched: keyspace.unmatched.key({ idc, mac }),
      server: keyspace.server.key({ idc, sn }),
      owner: keyspace.macOwner.key({ idc, mac }),
      meta: keyspace.meta.key({ idc, sn }),
    };
    const records = await ReadRecords.of(store, Object.values(keys));
    const report = records.get(keyspace.unmatched, { idc, mac });
    const server = records.get(keyspace.server, { idc, sn });
    const owner = records.get(keyspace.macOwner, { idc, mac });
    const meta = records.get(keyspace.meta, { idc, sn });
    if (report === undefined) throw nothingReported({ idc, mac });
    if (server?.value.mac !== undefined && server.value.mac !== mac) throw machineExists({ idc, sn }, server.value.mac);
    if (owner !== undefined && owner.value.sn !== sn) throw macTaken(mac, { idc, sn: owner.value.sn });
    const added: ServerRecord = {
      added_at: formatInstant(clock.now()),
      ...server?.value,
      sn,
      mac,
      status: 'registered',
    };
    const { hardware, last_seen: reportedAt } = report.value;
    const seen: MachineMetaRecord = { sn, mac, hardware, reported_at: reportedAt };
    return {
      comparisons: [
        unchangedSince(keys.unmatched, report),
        unchangedSince(keys.server, server),
        unchangedSince(keys.owner, owner),
        unchangedSince(keys.meta, meta),
      ],
      writes: [
        { kind: 'put', key: keys.server, value: encodeRecord(added) },
        ...(owner === undefined ? [{ kind: 'put', key: keys.owner, value: encodeRecord({ sn }) } as const] : []),
        ...(meta === undefined ? [{ kind: 'put', key: keys.meta, value: encodeRecord(seen) } as const] : []),
        { kind: 'delete', key: keys.unmatched },
      ],
      outcome: undefined,
      witness: keys.server,
    };
  }
}
