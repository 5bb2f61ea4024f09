import { formatMac, type Idc, type Ipv4, type Mac } from '@rackwright/kernel';
import {
  encodeRecord,
  keyspace,
  type IpOwnerRecord,
  type PageQuery,
  type PutReservation,
  type ReservationRecord,
  type SubnetRecord,
  type Write,
} from '@rackwright/contracts';
import { ProblemError, requireMatch, type IfMatch } from '@rackwright/platform';
import { pageItems, type Page } from '../http/page-items.js';
import { conflictOf, refuseBody } from '../http/refusals.js';
import type { Stored } from '../state-view/record-table.js';
import { folderOf } from '../store/folder-of.js';
import { ReadRecords, readRecord } from '../store/read-records.js';
import { unchangedSince, writeChange, type PlannedChange } from '../store/written-change.js';
import { reservationProblems } from './subnet-rules.js';
import type { NetworkParts } from './subnets.js';

export interface ReservationPlace {
  readonly idc: Idc;
  readonly mac: Mac;
}

/** A reservation as the API shows it. */
export interface ReservationView extends Omit<ReservationRecord, 'mac'> {
  readonly idc: string;
  /** Colon spelling. */
  readonly mac: string;
  readonly allow_netboot: boolean;
  readonly revision: string;
}

export function reservationPath({ idc, mac }: ReservationPlace): string {
  return `/api/v1/reservations/${idc}/${mac}`;
}

function reservationView(idc: string, { value, revision }: Stored<ReservationRecord>): ReservationView {
  return { allow_netboot: true, ...value, idc, mac: formatMac(value.mac), revision: revision.toString() };
}

interface Found {
  readonly reservation: Stored<ReservationRecord> | undefined;
  readonly subnet: Stored<SubnetRecord> | undefined;
  readonly owner: Stored<IpOwnerRecord> | undefined;
  /** The owner record of the address the reservation had so far, if it changes. */
  readonly formerOwner: Stored<IpOwnerRecord> | undefined;
}

/** Fixed data of single machines. One address belongs to one reservation of an IDC at most. */
export class Reservations {
  readonly #parts: NetworkParts;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  async list(idc: Idc, query: PageQuery): Promise<Page<ReservationView>> {
    const state = await this.#parts.view.fresh(folderOf(keyspace.reservation.key({ idc, mac: '-' })));
    const page = pageItems(state.reservations.list(idc), query, { placeOf: ({ value }) => value.mac });
    return { ...page, items: page.items.map((reservation) => reservationView(idc, reservation)) };
  }

  /** Throws 404. */
  async get(at: ReservationPlace): Promise<ReservationView> {
    const found = await readRecord(this.#parts.store, keyspace.reservation, { ...at });
    if (found === undefined) throw reservationNotFound(at);
    return reservationView(at.idc, found);
  }

  /** Creates or replaces a reservation. Throws 400 when it does not fit its subnet, 409 when its address is taken. */
  async put(at: ReservationPlace, body: PutReservation, ifMatch: IfMatch): Promise<{ readonly isNew: boolean }> {
    const { outcome } = await writeChange(this.#parts.store, () => this.#planPut(at, body, ifMatch));
    return outcome;
  }

  /** Throws 404. */
  async remove(at: ReservationPlace, ifMatch: IfMatch): Promise<void> {
    await writeChange(this.#parts.store, async () => {
      const { reservation, formerOwner } = await this.#read(at, {});
      if (reservation === undefined) throw reservationNotFound(at);
      requireMatch(ifMatch, reservation.revision);
      const released = releaseWrites(at, formerOwner);
      return {
        comparisons: [
          unchangedSince(reservation.key, reservation),
          ...(formerOwner === undefined ? [] : [unchangedSince(formerOwner.key, formerOwner)]),
        ],
        writes: [{ kind: 'delete', key: reservation.key }, ...released],
        outcome: undefined,
        witness: reservation.key,
      };
    });
  }

  async #planPut(
    at: ReservationPlace,
    body: PutReservation,
    ifMatch: IfMatch,
  ): Promise<PlannedChange<{ isNew: boolean }>> {
    const { idc, mac } = at;
    const found = await this.#read(at, body);
    const { reservation, subnet, owner, formerOwner } = found;
    requireMatch(ifMatch, reservation?.revision);
    refuseBody(reservationProblems(body, subnet?.value));
    if (owner !== undefined && owner.value.mac !== mac && body.ip !== undefined)
      throw ipTaken(idc, body.ip, owner.value);
    const key = keyspace.reservation.key({ idc, mac });
    const record: ReservationRecord = { ...body, mac };
    return {
      comparisons: [
        unchangedSince(key, reservation),
        ...(body.ip === undefined ? [] : [unchangedSince(keyspace.ipOwner.key({ idc, ip: body.ip }), owner)]),
        ...(formerOwner === undefined ? [] : [unchangedSince(formerOwner.key, formerOwner)]),
        ...(subnet === undefined ? [] : [unchangedSince(subnet.key, subnet)]),
      ],
      writes: [
        { kind: 'put', key, value: encodeRecord(record) },
        ...claimWrites(at, body.ip, owner),
        ...releaseWrites(at, formerOwner),
      ],
      outcome: { isNew: reservation === undefined },
      witness: key,
    };
  }

  async #read({ idc, mac }: ReservationPlace, wanted: PutReservation): Promise<Found> {
    const { store } = this.#parts;
    const keys = [
      keyspace.reservation.key({ idc, mac }),
      ...(wanted.subnet === undefined ? [] : [keyspace.subnet.key({ idc, name: wanted.subnet })]),
      ...(wanted.ip === undefined ? [] : [keyspace.ipOwner.key({ idc, ip: wanted.ip })]),
    ];
    const first = await ReadRecords.of(store, keys);
    const reservation = first.get(keyspace.reservation, { idc, mac });
    const formerIp = reservation?.value.ip === wanted.ip ? undefined : reservation?.value.ip;
    return {
      reservation,
      subnet: wanted.subnet === undefined ? undefined : first.get(keyspace.subnet, { idc, name: wanted.subnet }),
      owner: wanted.ip === undefined ? undefined : first.get(keyspace.ipOwner, { idc, ip: wanted.ip }),
      formerOwner:
        formerIp === undefined ? undefined : await readRecord(store, keyspace.ipOwner, { idc, ip: formerIp }),
    };
  }
}

function claimWrites({ idc, mac }: ReservationPlace, ip: Ipv4 | undefined, owner: Found['owner']): Write[] {
  if (ip === undefined || owner !== undefined) return [];
  return [{ kind: 'put', key: keyspace.ipOwner.key({ idc, ip }), value: encodeRecord({ mac }) }];
}

function releaseWrites({ mac }: ReservationPlace, former: Found['formerOwner']): Write[] {
  return former?.value.mac === mac ? [{ kind: 'delete', key: former.key }] : [];
}

function ipTaken(idc: Idc, ip: Ipv4, { mac }: IpOwnerRecord): ProblemError {
  const detail = `ip ${ip} is reserved for ${formatMac(mac)} in ${idc}`;
  return conflictOf({ pointer: '/ip', detail }, reservationPath({ idc, mac }));
}

function reservationNotFound({ idc, mac }: ReservationPlace): ProblemError {
  return new ProblemError('reservation-not-found', `There is no reservation for ${formatMac(mac)} in ${idc}`);
}
