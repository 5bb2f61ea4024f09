import type { MessageBus, Subscription } from '@rackwright/contracts';
import type { Node } from '@rackwright/domain-netboot';
import {
  formatInstant,
  instantMs,
  isRetryable,
  parseIpv4,
  parseMac,
  type Cancel,
  type Clock,
  type EpochMs,
  type Logger,
  type Mac,
} from '@rackwright/kernel';
import { defineCounter, type CounterMetric, type Metrics } from '@rackwright/platform';
import type { RegionState } from '../region-view/region-state.js';
import type { NodeDesk } from './node-desk.js';

const TOPIC_FILTER = 'node/+/status';
/** Agents report every 30 s; a node that missed three is offline. */
const OFFLINE_AFTER_MS = 100_000;
const SWEEP_EVERY_MS = 15_000;
const MARKED_AT_ONCE = 16;
/** A heartbeat that says nothing new is written no more often than this. */
const REWRITE_EVERY_MS = 15_000;
const MAX_PAYLOAD_BYTES = 4_096;
const HOSTNAME = /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

const heartbeatsTotal = defineCounter({
  name: 'rw_region_node_heartbeats_total',
  help: 'Status messages of host agents, by what became of them.',
  labels: ['outcome'],
});

type Outcome = 'written' | 'nothing-new' | 'unknown-node' | 'malformed' | 'failed';

export interface AgentHeartbeatsParts {
  readonly bus: MessageBus;
  readonly desk: NodeDesk;
  readonly state: RegionState;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** What an agent says of its node. */
type AgentStatus = Partial<Pick<Node, 'ip' | 'hostname' | 'status'>>;

/** Listens to the host agents of this region's nodes (`node/{mac}/status` over MQTT). */
export class AgentHeartbeats implements AsyncDisposable {
  readonly #parts: AgentHeartbeatsParts;
  readonly #outcomes: CounterMetric<'outcome'>;
  readonly #subscription: Subscription;
  readonly #inHand = new Map<Mac, Promise<unknown>>();
  /** The latest news of nodes whose last write has not ended. */
  readonly #waiting = new Map<Mac, AgentStatus>();
  #sweep: Cancel;
  #isEnded = false;

  constructor(parts: AgentHeartbeatsParts) {
    this.#parts = parts;
    this.#outcomes = parts.metrics.counter(heartbeatsTotal);
    this.#subscription = parts.bus.onDeviceMessage(TOPIC_FILTER, ({ topic, payload }) => {
      this.#receive(topic, payload);
    });
    this.#sweep = this.#scheduleSweep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    this.#sweep();
    await this.#subscription[Symbol.asyncDispose]();
    await Promise.all(this.#inHand.values());
  }

  #receive(topic: string, payload: Uint8Array): void {
    const mac = parseMac(topic.split('/')[1] ?? '');
    const status = mac === undefined ? undefined : parseStatus(payload);
    if (mac === undefined || status === undefined) {
      this.#count('malformed');
      return;
    }
    const node = this.#parts.state.nodeByMac(mac);
    if (node === undefined) this.#count('unknown-node');
    else if (!this.#isNews(node, status)) this.#count('nothing-new');
    else if (this.#inHand.has(mac)) this.#waiting.set(mac, status);
    else this.#write(mac, status);
  }

  #isNews(node: Node, status: AgentStatus): boolean {
    const { last_heartbeat: last } = node;
    if (last === undefined || this.#parts.clock.now() - instantMs(last) >= REWRITE_EVERY_MS) return true;
    const moves = status.status !== undefined && status.status !== node.status && node.status !== 'installing';
    return moves || (status.ip !== undefined && status.ip !== node.ip);
  }

  #write(mac: Mac, status: AgentStatus): void {
    const { desk, logger } = this.#parts;
    const work = desk
      .heartbeat(mac, status)
      .then(
        () => {
          this.#count('written');
        },
        (err: unknown) => {
          this.#count('failed');
          // The next heartbeat carries the same news.
          if (!isRetryable(err)) logger.warn({ err, mac }, 'node heartbeat not written');
        },
      )
      .finally(() => {
        this.#inHand.delete(mac);
        const next = this.#waiting.get(mac);
        this.#waiting.delete(mac);
        if (next !== undefined && !this.#isEnded) this.#write(mac, next);
      });
    this.#inHand.set(mac, work);
  }

  #scheduleSweep(): Cancel {
    return this.#parts.clock.schedule(SWEEP_EVERY_MS, () => {
      void this.#markSilent().then(() => {
        if (!this.#isEnded) this.#sweep = this.#scheduleSweep();
      });
    });
  }

  /** After a long outage every node is silent: so many at a time, and no further once etcd is away. */
  async #markSilent(): Promise<void> {
    const silentSince = formatInstant((this.#parts.clock.now() - OFFLINE_AFTER_MS) as EpochMs);
    const silent: Mac[] = [];
    for (const { mac, status, last_heartbeat: last } of this.#parts.state.nodes()) {
      if (status === 'online' && last !== undefined && last < silentSince) silent.push(mac);
    }
    for (let from = 0; from < silent.length && !this.#isEnded; from += MARKED_AT_ONCE) {
      const marked = await Promise.all(silent.slice(from, from + MARKED_AT_ONCE).map((mac) => this.#goOffline(mac)));
      if (marked.includes('away')) return;
    }
  }

  #goOffline(mac: Mac): Promise<'done' | 'away'> {
    if (this.#inHand.has(mac)) return Promise.resolve('done');
    const { desk, logger } = this.#parts;
    const work = desk
      .markOffline(mac)
      .then(() => 'done' as const)
      .catch((err: unknown) => {
        logger.debug({ err, mac }, 'node not marked offline');
        return isRetryable(err) ? ('away' as const) : ('done' as const);
      })
      .finally(() => this.#inHand.delete(mac));
    this.#inHand.set(mac, work);
    return work;
  }

  #count(outcome: Outcome): void {
    this.#outcomes.increment({ outcome });
  }
}

/** Reads `{status, ip, hostname, uptime, timestamp}`; what is not valid of it is left out. */
function parseStatus(payload: Uint8Array): AgentStatus | undefined {
  const given = parseObject(payload);
  if (given === undefined) return undefined;
  const { status, ip, hostname } = given;
  const address = typeof ip === 'string' ? parseIpv4(ip) : undefined;
  const moved = typeof status === 'string' ? statusOf(status) : undefined;
  return {
    ...(moved === undefined ? {} : { status: moved }),
    ...(address === undefined ? {} : { ip: address }),
    ...(typeof hostname === 'string' && HOSTNAME.test(hostname) ? { hostname } : {}),
  };
}

function parseObject(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (payload.length > MAX_PAYLOAD_BYTES) return undefined;
  try {
    const given: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof given === 'object' && given !== null && !Array.isArray(given)
      ? (given as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The only states an agent can put its node into. */
function statusOf(word: string): 'installed' | 'online' | undefined {
  switch (word.toLowerCase()) {
    case 'installed':
      return 'installed';
    case 'online':
    case 'running':
    case 'ready':
      return 'online';
    default:
      return undefined;
  }
}
