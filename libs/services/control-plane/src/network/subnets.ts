import { formatInstant, type Clock, type Idc } from '@rackwright/kernel';
import {
  DEFAULT_LEASE_SECONDS,
  encodeRecord,
  keyspace,
  type PageQuery,
  type PutSubnet,
  type Store,
  type SubnetRecord,
} from '@rackwright/contracts';
import { ProblemError, requireMatch, type IfMatch } from '@rackwright/platform';
import { pageItems, type Page } from '../http/page-items.js';
import { conflictOf, refuseBody } from '../http/refusals.js';
import { readEntry, type Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { folderOf } from '../store/folder-of.js';
import { ReadRecords, readRecord } from '../store/read-records.js';
import { unchangedSince, writeChange, type PlannedChange } from '../store/written-change.js';
import { networksOverlap, subnetProblems } from './subnet-rules.js';

export interface SubnetPlace {
  readonly idc: Idc;
  readonly name: string;
}

/** A subnet as the API shows it. */
export interface SubnetView extends SubnetRecord {
  readonly idc: string;
  readonly revision: string;
}

export interface NetworkParts {
  readonly store: Store;
  readonly view: StateView;
  readonly clock: Clock;
}

export function subnetPath({ idc, name }: SubnetPlace): string {
  return `/api/v1/subnets/${idc}/${name}`;
}

function subnetView(idc: string, { value, revision }: Stored<SubnetRecord>): SubnetView {
  return { ...value, idc, revision: revision.toString() };
}

/** The networks a region answers on. Two subnets of one IDC never overlap. */
export class Subnets {
  readonly #parts: NetworkParts;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  async list(idc: Idc, query: PageQuery): Promise<Page<SubnetView>> {
    const state = await this.#parts.view.fresh(folderOf(keyspace.subnet.key({ idc, name: '-' })));
    const page = pageItems(state.subnets.list(idc), query, { placeOf: ({ value }) => value.name });
    return { ...page, items: page.items.map((subnet) => subnetView(idc, subnet)) };
  }

  /** Throws 404. */
  async get(at: SubnetPlace): Promise<SubnetView> {
    const found = await readRecord(this.#parts.store, keyspace.subnet, { ...at });
    if (found === undefined) throw subnetNotFound(at);
    return subnetView(at.idc, found);
  }

  /** Creates or replaces a subnet. Throws 400 for one that is wrong in itself, 409 for one that overlaps another. */
  async put(at: SubnetPlace, body: PutSubnet, ifMatch: IfMatch): Promise<{ readonly isNew: boolean }> {
    refuseBody(subnetProblems(body));
    const { outcome } = await writeChange(this.#parts.store, () => this.#planPut(at, body, ifMatch));
    return outcome;
  }

  /** Throws 404, and 409 while a reservation names the subnet. */
  async remove(at: SubnetPlace, ifMatch: IfMatch): Promise<void> {
    const { store, view } = this.#parts;
    const { idc, name } = at;
    await writeChange(store, async () => {
      const state = await view.fresh(folderOf(keyspace.reservation.key({ idc, mac: '-' })));
      const user = state.reservations.list(idc).find(({ value }) => value.subnet === name);
      const found = await readRecord(store, keyspace.subnet, { idc, name });
      if (found === undefined) throw subnetNotFound(at);
      requireMatch(ifMatch, found.revision);
      if (user !== undefined) {
        const location = `/api/v1/reservations/${idc}/${user.value.mac}`;
        throw conflictOf({ pointer: '', detail: `Reservation ${user.value.mac} names subnet ${name}` }, location);
      }
      return {
        comparisons: [unchangedSince(found.key, found)],
        writes: [{ kind: 'delete', key: found.key }],
        outcome: undefined,
        witness: found.key,
      };
    });
  }

  async #planPut(at: SubnetPlace, body: PutSubnet, ifMatch: IfMatch): Promise<PlannedChange<{ isNew: boolean }>> {
    const { store, clock } = this.#parts;
    const { idc, name } = at;
    const key = keyspace.subnet.key({ idc, name });
    const guardKey = keyspace.subnetGuard.key({ idc });
    // The guard is read before the others: whoever adds a subnet after this read changes it.
    const guard = (await ReadRecords.of(store, [guardKey])).get(keyspace.subnetGuard, { idc });
    const { entries } = await store.list(folderOf(key));
    const subnets = entries.map((entry) => readEntry(keyspace.subnet, entry)).filter((read) => 'value' in read);
    const current = entries.find((entry) => entry.key === key);
    requireMatch(ifMatch, current?.modRevision);
    const other = subnets.find((subnet) => subnet.key !== key && networksOverlap(subnet.value.cidr, body.cidr));
    if (other !== undefined) {
      const detail = `cidr ${body.cidr} overlaps subnet ${other.value.name}, ${other.value.cidr}`;
      throw conflictOf({ pointer: '/cidr', detail }, subnetPath({ idc, name: other.value.name }));
    }
    const record: SubnetRecord = { lease_seconds: DEFAULT_LEASE_SECONDS, ...body, name };
    const guarded = { changed_at: formatInstant(clock.now()) };
    return {
      comparisons: [
        unchangedSince(guardKey, guard),
        unchangedSince(key, current === undefined ? undefined : { revision: current.modRevision }),
      ],
      writes: [
        { kind: 'put', key, value: encodeRecord(record) },
        { kind: 'put', key: guardKey, value: encodeRecord(guarded) },
      ],
      outcome: { isNew: current === undefined },
      witness: key,
    };
  }
}

function subnetNotFound({ idc, name }: SubnetPlace): ProblemError {
  return new ProblemError('subnet-not-found', `There is no subnet ${name} in ${idc}`);
}
