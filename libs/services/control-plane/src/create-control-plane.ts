import { randomHex } from '@rackwright/kernel';
import { LEADER_KEY, type MessageBus, type Store, type TemplateEngine } from '@rackwright/contracts';
import {
  createHttpService,
  LeaderElection,
  type HttpService,
  type PlatformPorts,
  type ReadinessCheck,
} from '@rackwright/platform';
import { BootQuestions } from './boot/boot-questions.js';
import type { ControlPlaneConfig } from './config.js';
import { ControlPlaneModule, type ControlPlaneFeatures } from './control-plane.module.js';
import { DeadlineEnforcer } from './deadlines/deadline-enforcer.js';
import { PresenceAnnouncer } from './deadlines/presence-announcer.js';
import { EventFeed } from './events/event-feed.js';
import { EventSockets } from './events/event-sockets.js';
import { OutboxPublisher } from './events/outbox-publisher.js';
import { OpenStreams } from './http/line-stream.js';
import { leadControlPlane } from './leadership/leader-duties.js';
import { ServerRegistry } from './machines/server-registry.js';
import { UnmatchedMachines } from './machines/unmatched-machines.js';
import { Reservations } from './network/reservations.js';
import { Subnets } from './network/subnets.js';
import { NodeCommands } from './nodes/node-commands.js';
import { NodeDirectory } from './nodes/node-directory.js';
import { ProfileCatalog } from './profiles/profile-catalog.js';
import { RegionDirectory } from './regions/region-directory.js';
import { StateView } from './state-view/state-view.js';
import { LiveStats } from './stats/live-stats.js';
import { TaskCreation } from './tasks/task-creation.js';
import { TaskDecisions } from './tasks/task-decisions.js';
import { TaskReads } from './tasks/task-reads.js';

/** What a control plane replica runs on. */
export interface ControlPlaneParts extends PlatformPorts {
  readonly store: Store;
  readonly bus: MessageBus;
  /** Checks the templates of profiles; without one they are taken as they are. */
  readonly templates?: TemplateEngine;
  readonly config: ControlPlaneConfig;
  readonly version: string;
}

/** A running replica. Any number of them may run on the same store and bus; disposing ends it, not the adapters. */
export interface ControlPlane extends AsyncDisposable {
  readonly http: HttpService;
  /** `http://host:port`. */
  readonly url: string;
  /** Whether this replica enforces deadlines and publishes events. */
  readonly isLeader: boolean;
}

/** What the API description says about the service. */
function apiInfo(version: string): { title: string; version: string; description: string } {
  return {
    title: 'Rackwright control plane',
    version,
    description: 'Install tasks, machines, regions, network data, profiles and events of all data centres.',
  };
}

const INSTANCE_BYTES = 4;

/** Starts a replica; it serves at once and becomes ready when etcd and NATS answer. */
export async function createControlPlane(parts: ControlPlaneParts): Promise<ControlPlane> {
  await using starting = new AsyncDisposableStack();
  const view = starting.use(new StateView(parts));
  const feed = starting.use(new EventFeed(parts));
  const streaming = { bus: parts.bus, clock: parts.clock, feed, streams: new OpenStreams() };
  const features = { ...buildFeatures(parts, view), streaming };
  starting.use(features.commands);
  const election = starting.use(startElection(parts, view));
  const http = starting.use(await listen(parts, features));
  // Streams end before the server closes: it would wait for them.
  starting.use(streaming.streams);
  starting.use(new EventSockets(http.server, { ...parts, feed, origins: parts.config.webOrigins }));
  const running = starting.move();
  return {
    http,
    url: http.url,
    get isLeader() {
      return election.isLeader;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

type BuiltFeatures = Omit<ControlPlaneFeatures, 'streaming'>;

function buildFeatures(parts: ControlPlaneParts, view: StateView): BuiltFeatures {
  const { config, templates } = parts;
  const shared = { ...parts, view };
  const nodes = new NodeDirectory(shared);
  return {
    view,
    nodes,
    creation: new TaskCreation(shared),
    decisions: new TaskDecisions(shared),
    reads: new TaskReads({ ...shared, deadlines: config }),
    servers: new ServerRegistry(shared),
    unmatched: new UnmatchedMachines(shared),
    commands: new NodeCommands({ ...shared, nodes }),
    stats: new LiveStats(shared),
    regions: new RegionDirectory(shared),
    subnets: new Subnets(shared),
    reservations: new Reservations(shared),
    profiles: new ProfileCatalog({ ...shared, templates }),
    boots: new BootQuestions(shared),
  };
}

function startElection(parts: ControlPlaneParts, view: StateView): LeaderElection {
  const { store, clock, random, logger, config } = parts;
  const shared = { ...parts, view };
  const duties = {
    ...shared,
    publisher: new OutboxPublisher(shared),
    enforcer: new DeadlineEnforcer({ ...shared, deadlines: config, graceMs: config.deadlineGraceMs }),
    announcer: new PresenceAnnouncer(shared),
    periodMs: config.deadlinePeriodMs,
  };
  return new LeaderElection({
    ...{ store, clock, random, logger },
    key: LEADER_KEY,
    identity: `control-plane-${randomHex(random, INSTANCE_BYTES)}`,
    ttlSeconds: config.leaderTtlSeconds,
    lead: (signal, _isLeader, guard) => leadControlPlane(duties, signal, guard),
  });
}

function listen(parts: ControlPlaneParts, features: ControlPlaneFeatures): Promise<HttpService> {
  const { config, store, logger, clock, random, metrics } = parts;
  return createHttpService(ControlPlaneModule.with(features), {
    ...{ logger, clock, random, metrics },
    ...apiInfo(parts.version),
    host: config.httpHost,
    port: config.httpPort,
    bodyLimitBytes: config.httpBodyLimitBytes,
    checks: readinessChecks(parts, features.view),
    idempotencyStore: store,
  });
}

function readinessChecks({ store, bus }: ControlPlaneParts, view: StateView): readonly ReadinessCheck[] {
  return [
    { name: 'etcd', check: () => store.currentRevision() },
    { name: 'nats', check: () => bus.ping() },
    { name: 'state view', check: () => view.synced },
  ];
}
