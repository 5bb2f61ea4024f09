import type { HttpService } from '@rackwright/platform';
import { BootTokens } from './agent-api/boot-tokens.js';
import { MachineAgents } from './agent-api/machine-agents.js';
import { AgentHeartbeats } from './nodes/agent-heartbeats.js';
import { NodeDesk } from './nodes/node-desk.js';
import { RegionNodes } from './nodes/region-nodes.js';
import { PublicAddress } from './public-address.js';
import { listenRegion } from './region-http.js';
import { createRecording, type Recording } from './region-recording.js';
import { IdentityDocument } from './registration/instance-identity.js';
import { MachineLiveness } from './registration/machine-liveness.js';
import { RegionRegistration } from './registration/region-registration.js';
import { RegionState } from './region-view/region-state.js';
import { SnapshotKeeper } from './region-view/snapshot-keeper.js';
import { ViewSync } from './region-view/view-sync.js';
import { BootConfigurer } from './reports/boot-configurer.js';
import { InstallLog } from './reports/install-log.js';
import { LogLines } from './reports/log-lines.js';
import { LogTails } from './reports/log-tails.js';
import { storeSource } from './reports/record-sources.js';
import type { RegionalParts } from './regional-parts.js';
import type { RegionalProviders } from './regional.module.js';
import { RegionResponders } from './requests/region-responders.js';
import { Serving } from './serving.js';
import { openSite } from './site-data/open-site.js';
import type { SiteFile } from './site-data/site-file.js';
import { ViewGate } from './site-data/view-gate.js';
import { BootTraces } from './tracing/boot-traces.js';

/** A running region. Disposing it answers what is in hand and writes down what is not; the parts stay the caller's. */
export interface RegionalService extends AsyncDisposable {
  readonly http: HttpService;
  readonly registration: RegionRegistration;
  readonly serving: Serving;
  /** Resolves when everything has been read from etcd once; rejects when the region ends before. */
  readonly viewRead: Promise<void>;
}

/** What a region remembers of earlier runs. */
interface Memory {
  readonly state: RegionState;
  readonly snapshot: SnapshotKeeper;
  readonly hasSnapshot: boolean;
  readonly identity: IdentityDocument;
  readonly recording: Recording;
  /** Absent when subnets and reservations do not come from a file. */
  readonly site: SiteFile | undefined;
}

/** What answers machines and people. */
interface Desks extends RegionalProviders {
  readonly liveness: MachineLiveness;
  readonly logLines: LogLines;
  readonly logTails: LogTails;
}

/**
 * Starts a region: it serves from its snapshot at once, and from etcd as soon as that answers. One whose site data do not
 * come from etcd serves without it.
 */
export async function createRegional(parts: RegionalParts): Promise<RegionalService> {
  const memory = await remember(parts);
  const desks = await furnish(parts, memory);
  const serving = createServing(parts, memory, desks);
  const http = await listenRegion(parts, desks, serving);
  desks.address.listensOn(http.url);
  const registration = register(parts, memory, desks);
  registration.onRole((role) => {
    serving.noteRole(role);
  });
  const gate = new ViewGate(memory.site, () => {
    serving.noteView();
  });
  if (memory.hasSnapshot) gate.noteState();
  registration.onRole((role) => {
    if (role === 'unregistered' && needsNoStore(parts)) gate.noteState();
  });
  const sync = follow(parts, memory, gate);
  registration.start();
  const configurer = new BootConfigurer(memory.state, memory.recording.recorder, parts);
  return {
    http,
    registration,
    serving,
    viewRead: sync.synced,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      configurer[Symbol.dispose]();
      await serving[Symbol.asyncDispose]();
      await desks.logTails.flush();
      await memory.recording.recorder.idle();
      const ending = [memory.recording.drain, desks.logLines, desks.liveness, sync];
      await Promise.all(ending.map((part) => part[Symbol.asyncDispose]()));
      await registration[Symbol.asyncDispose]();
      await memory.site?.[Symbol.asyncDispose]();
      await memory.snapshot[Symbol.asyncDispose]();
    },
  };
}

async function remember(parts: RegionalParts): Promise<Memory> {
  const { config, clock, logger } = parts;
  const { idc } = config;
  const identity = await IdentityDocument.open(parts.identity, parts);
  const state = new RegionState(idc, logger);
  const snapshot = new SnapshotKeeper(state, { idc, documents: parts.snapshots, clock, logger });
  const hasSnapshot = await snapshot.load();
  const site = await openSite(parts, state);
  const recording = createRecording(parts, state, identity.identity.instance);
  await recording.recorder.restore();
  return { state, snapshot, hasSnapshot, identity, recording, site };
}

async function furnish(parts: RegionalParts, { state, recording }: Memory): Promise<Desks> {
  const { config, store } = parts;
  const { idc } = config;
  const { recorder } = recording;
  const address = new PublicAddress(config.publicUrl);
  const tokens = new BootTokens(state);
  const traces = new BootTraces();
  const nodes = new RegionNodes({ ...parts, idc, state, recorder });
  const liveness = new MachineLiveness({ idc, store }, parts);
  const logLines = new LogLines({ ...parts, journal: parts.logLog, maxEntries: config.logJournalMaxEntries });
  const logTails = new LogTails(recorder, parts);
  const installLog = new InstallLog({ ...parts, idc, logLines, logTails });
  const reporting = { recorder, liveness, installLog, traces, sightings: nodes };
  const agents = new MachineAgents({ ...parts, ...reporting, idc, state, fromStore: storeSource(idc, store) });
  const sinks = { reports: recorder, events: recorder, nodes, installLog };
  const plane = await parts.bootPlane({ ...parts, ...sinks, idc, view: state, traces, tokens, address });
  const desk = new NodeDesk({ ...parts, idc, state });
  logLines.start();
  return { state, tokens, traces, agents, desk, plane, address, liveness, logLines, logTails };
}

function createServing(
  parts: RegionalParts,
  { hasSnapshot, identity, site }: Memory,
  { state, desk, plane }: Desks,
): Serving {
  const { bus, config } = parts;
  return new Serving({
    ...parts,
    plane,
    openResponders: () => [
      new RegionResponders({ idc: config.idc, bus, desk, plane }),
      new AgentHeartbeats({ ...parts, desk, state }),
    ],
    mayServeUnregistered: needsNoStore(parts) || (hasSnapshot && identity.identity.wasActive),
    missing: () => (site?.isLoaded === false ? site.fault : undefined),
  });
}

function register(parts: RegionalParts, memory: Memory, { plane, address }: Desks): RegionRegistration {
  const { config, version, logger } = parts;
  const { state, identity, recording } = memory;
  const registration = new RegionRegistration({
    ...parts,
    idc: config.idc,
    identity,
    facts: () => ({ version, dhcp_mode: config.dhcpMode, http_url: address.url }),
    heartbeat: () => ({
      counters: { ...plane.counters(), facts_kept: recording.counters.get('kept') },
      journal_length: recording.journal.length,
      view_revision: String(state.revision),
    }),
  });
  registration.onRole((role) => {
    if (role === 'unregistered') return;
    void identity.noteActive(role === 'active').catch((err: unknown) => {
      logger.error({ err }, 'role not written to disk');
    });
  });
  return registration;
}

/** Whether the region serves when it cannot reach etcd and has no snapshot. */
function needsNoStore({ config }: RegionalParts): boolean {
  return config.siteBackend !== 'etcd';
}

function follow({ config, store, logger }: RegionalParts, memory: Memory, gate: ViewGate): ViewSync {
  const sync = new ViewSync({ idc: config.idc, store }, memory.state, logger);
  sync.onConnected(() => {
    memory.recording.drain.wake();
  });
  sync.onLost(() => {
    void memory.snapshot.flush();
  });
  memory.snapshot.pause();
  sync.synced.then(
    () => {
      memory.snapshot.resume();
      gate.noteState();
    },
    (err: unknown) => {
      logger.debug({ err }, 'ended before the view was read');
    },
  );
  return sync;
}
