import { formatMac, type Idc, type Instant } from '@rackwright/kernel';
import type { ServerRecord, ServerView, UnmatchedReportRecord, UnmatchedView } from '@rackwright/contracts';
import type { Stored } from '../state-view/record-table.js';
import type { SiteState } from '../state-view/site-state.js';
import { defined } from '../store/defined.js';

function latest(instants: readonly (Instant | undefined)[]): Instant | undefined {
  return instants
    .filter((instant) => instant !== undefined)
    .sort()
    .at(-1);
}

/** When anything last came from the machine. */
function lastSeen(idc: Idc, { sn, mac }: ServerRecord, state: SiteState): Instant | undefined {
  const at = { idc, sn };
  const node = mac === undefined ? undefined : state.nodes.get({ idc, mac })?.value;
  const task = state.tasks.get(at)?.value;
  return latest([
    state.metas.get(at)?.value.reported_at,
    state.liveness.get(at)?.value.since,
    node?.last_heartbeat,
    task?.progress.at(-1)?.timestamp,
    task?.boot.booted_at,
  ]);
}

function isOnline(idc: Idc, { sn, mac }: ServerRecord, state: SiteState): boolean {
  if (state.liveness.get({ idc, sn }) !== undefined) return true;
  return mac !== undefined && state.nodes.get({ idc, mac })?.value.status === 'online';
}

/** A machine as the API shows it, with what its region knows about it. */
export function serverView(idc: Idc, { value: server, revision }: Stored<ServerRecord>, state: SiteState): ServerView {
  const { sn, mac, status, note, added_at } = server;
  const meta = state.metas.get({ idc, sn })?.value;
  return defined({
    ...{ idc, sn, added_at, note },
    mac: mac === undefined ? undefined : formatMac(mac),
    status: meta === undefined ? status : 'registered',
    labels: server.labels ?? {},
    maintenance: server.maintenance ?? false,
    hardware: meta?.hardware,
    online: isOnline(idc, server, state),
    last_seen: lastSeen(idc, server, state),
    revision: revision.toString(),
  });
}

/** Unknown hardware as the API shows it. */
export function unmatchedView(idc: Idc, { value }: Stored<UnmatchedReportRecord>): UnmatchedView {
  const { sn, mac_address, hardware, first_seen, last_seen } = value;
  return { idc, mac: formatMac(mac_address), sn, hardware, first_seen, last_seen };
}
