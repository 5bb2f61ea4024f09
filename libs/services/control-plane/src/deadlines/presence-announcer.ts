import { formatInstant, type Clock, type Instant, type Logger } from '@rackwright/kernel';
import {
  encodeRecord,
  keyspace,
  outboxWrites,
  type Comparison,
  type EventEnvelope,
  type RegionPresenceRecord,
  type Store,
} from '@rackwright/contracts';
import type { Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { knownRegions } from '../regions/region-directory.js';
import { ReadRecords } from '../store/read-records.js';
import { unchangedSince, writeChange, type PlannedChange } from '../store/written-change.js';

export interface AnnouncerParts {
  readonly store: Store;
  readonly view: StateView;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells when a region came online or went offline, each time once; a duty of the leader. */
export class PresenceAnnouncer {
  readonly #parts: AnnouncerParts;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  /** One look at all regions. */
  async announce(guard: Comparison, signal: AbortSignal): Promise<void> {
    const { view, store, logger } = this.#parts;
    for (const idc of knownRegions(view.live)) {
      if (signal.aborted) return;
      const announced = view.live.regionPresences.get({ idc });
      if ((announced?.value.online ?? false) === view.live.isRegionOnline(idc)) continue;
      try {
        const { outcome } = await writeChange(store, () => this.#plan(idc, guard));
        if (outcome !== undefined)
          logger.info({ idc }, outcome === 'online' ? 'region came online' : 'region went offline');
      } catch (err) {
        logger.warn({ err, idc }, 'a region could not be announced; next time');
      }
    }
  }

  async #plan(idc: string, guard: Comparison): Promise<PlannedChange<'online' | 'offline' | undefined>> {
    const heartbeatKey = keyspace.regionHeartbeat.key({ idc });
    const key = keyspace.regionPresence.key({ idc });
    const records = await ReadRecords.of(this.#parts.store, [heartbeatKey, key, guard.key]);
    const announced = records.get(keyspace.regionPresence, { idc });
    const isOnline = records.has(heartbeatKey);
    if ((announced?.value.online ?? false) === isOnline || !records.satisfies(guard)) {
      return { comparisons: [], writes: [], outcome: undefined, witness: key };
    }
    const at = formatInstant(this.#parts.clock.now());
    const record: RegionPresenceRecord = { online: isOnline, since: at };
    return {
      comparisons: [{ key: heartbeatKey, exists: isOnline }, unchangedSince(key, announced), guard],
      writes: [
        { kind: 'put', key, value: encodeRecord(record) },
        ...outboxWrites([presenceEvent(idc, { isOnline, at, announced })]),
      ],
      outcome: isOnline ? 'online' : 'offline',
      witness: key,
    };
  }
}

/** The id follows from the announcement before, so that the same change is told once whoever tells it. */
function presenceEvent(
  idc: string,
  change: { isOnline: boolean; at: Instant; announced: Stored<RegionPresenceRecord> | undefined },
): EventEnvelope {
  const { isOnline, at, announced } = change;
  return {
    id: `region-${idc}-${String(announced?.revision ?? 0)}`,
    type: isOnline ? 'region.came_online' : 'region.went_offline',
    idc,
    subject: `region/${idc}`,
    at,
    data: { online: isOnline, ...(announced === undefined ? {} : { before_since: announced.value.since }) },
  };
}
