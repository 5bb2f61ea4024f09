import type { Idc, Instant } from '@rackwright/kernel';
import { keyspace, ROOT_PREFIX, type PageQuery } from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';
import { pageItems, type Page } from '../http/page-items.js';
import type { SiteState } from '../state-view/site-state.js';
import type { StateView } from '../state-view/state-view.js';
import { folderOf } from '../store/folder-of.js';

/** A region as the API shows it. What a region tells about itself is absent while it is offline. */
export interface RegionView {
  readonly idc: string;
  /** Its liveness key exists. */
  readonly online: boolean;
  readonly version?: string;
  readonly http_url?: string;
  readonly dhcp_mode?: string;
  readonly started_at?: Instant;
  readonly last_heartbeat?: Instant;
  /** DHCP, TFTP and HTTP counters since its start. */
  readonly counters?: Readonly<Record<string, number>>;
  /** Reports kept on its disk until etcd is back. */
  readonly journal_length?: number;
  /** Store revisions its view was behind at its last heartbeat. */
  readonly lag_revisions?: number;
  /** Since when it is online or offline, as announced. */
  readonly since?: Instant;
}

function regionView(state: SiteState, idc: string): RegionView {
  const info = state.regionInfos.get({ idc })?.value;
  const heartbeat = state.regionHeartbeats.get({ idc });
  const presence = state.regionPresences.get({ idc })?.value;
  return {
    idc,
    online: heartbeat !== undefined,
    ...(info === undefined
      ? {}
      : {
          version: info.version,
          http_url: info.http_url,
          dhcp_mode: info.dhcp_mode,
          started_at: info.started_at,
        }),
    ...(heartbeat === undefined
      ? {}
      : {
          last_heartbeat: heartbeat.value.at,
          counters: heartbeat.value.counters,
          journal_length: heartbeat.value.journal_length,
          lag_revisions: lagOf(heartbeat.value.view_revision, heartbeat.revision),
        }),
    ...(presence === undefined ? {} : { since: presence.since }),
  };
}

/** Between the region's view and the store as the heartbeat was written. */
function lagOf(viewRevision: string, writtenAt: bigint): number {
  const seen = /^\d{1,19}$/.test(viewRevision) ? BigInt(viewRevision) : 0n;
  return seen >= writtenAt ? 0 : Number(writtenAt - seen - 1n);
}

/** The regions that ever registered. */
export class RegionDirectory {
  readonly #view: StateView;

  constructor(parts: { readonly view: StateView }) {
    this.#view = parts.view;
  }

  async list(query: PageQuery): Promise<Page<RegionView>> {
    const state = await this.#view.fresh(ROOT_PREFIX);
    const page = pageItems(knownRegions(state), query, { placeOf: (idc) => idc });
    return { ...page, items: page.items.map((idc) => regionView(state, idc)) };
  }

  /** Throws 404. */
  async get(idc: Idc): Promise<RegionView> {
    const state = await this.#view.fresh(
      folderOf(keyspace.regionInfo.key({ idc })),
      folderOf(keyspace.regionPresence.key({ idc })),
    );
    if (knownRegions(state).includes(idc)) return regionView(state, idc);
    throw new ProblemError('region-not-found', `No region of ${idc} has ever registered`);
  }
}

/** Every IDC with a region that is or was there. */
export function knownRegions(state: SiteState): readonly string[] {
  const { regionInfos, regionHeartbeats, regionPresences } = state;
  const idcs = [regionInfos, regionHeartbeats, regionPresences].flatMap((table) => table.groups());
  return [...new Set(idcs)].sort();
}
