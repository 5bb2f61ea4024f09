import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  JetStreamApiCodes,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { backoffMs, sleep, type Backoff } from '@rackwright/kernel';
import { EVENT_STREAM, LOG_STREAM } from '@rackwright/contracts';
import {
  DEFAULT_EVENT_LIMITS,
  DEFAULT_LOG_LIMITS,
  type NatsBusOptions,
  type StreamLimits,
} from './nats-bus-options.js';
import type { NatsLink, NatsSession } from './nats-link.js';

const RETRY: Backoff = { retryMinMs: 200, retryMaxMs: 10_000 };

/** What this adapter decides about a stream; the server's other fields are left alone. */
type StreamShape = Pick<
  StreamConfig,
  'name' | 'subjects' | 'max_age' | 'max_bytes' | 'duplicate_window' | 'discard' | 'num_replicas'
>;

/** Sees to it that both streams exist with the configured limits, on every new session and whenever one is missed. */
export class BusStreams {
  readonly #options: NatsBusOptions;
  readonly #shapes: readonly StreamShape[];
  readonly #forget: () => void;
  #ensuring: Promise<void> | undefined;

  constructor(link: NatsLink, options: NatsBusOptions) {
    this.#options = options;
    const replicas = options.replicas ?? 1;
    this.#shapes = [
      streamShape(EVENT_STREAM, { ...DEFAULT_EVENT_LIMITS, ...options.events }, replicas),
      streamShape(LOG_STREAM, { ...DEFAULT_LOG_LIMITS, ...options.logs }, replicas),
    ];
    this.#forget = link.onSession((session) => void this.#ensureInBackground(session));
  }

  /** Stops following sessions. */
  stop(): void {
    this.#forget();
  }

  /** Resolves when both streams exist as configured; callers share one attempt. */
  ensure(session: NatsSession): Promise<void> {
    this.#ensuring ??= this.#ensureAll(session).finally(() => {
      this.#ensuring = undefined;
    });
    return this.#ensuring;
  }

  async #ensureInBackground(session: NatsSession): Promise<void> {
    const { clock, random, logger } = this.#options;
    for (let attempt = 1; !isOver(session); attempt += 1) {
      try {
        await this.ensure(session);
        return;
      } catch (err) {
        if (isOver(session)) return;
        logger.warn({ err }, 'nats streams are not as configured');
        await sleep(clock, backoffMs(RETRY, attempt, random), session.ended).catch(() => undefined);
      }
    }
  }

  async #ensureAll(session: NatsSession): Promise<void> {
    for (const shape of this.#shapes) await this.#ensureOne(session, shape);
  }

  async #ensureOne({ manager }: NatsSession, shape: StreamShape): Promise<void> {
    const { logger } = this.#options;
    try {
      const { config } = await manager.streams.info(shape.name);
      if (isAsConfigured(config, shape)) return;
      await manager.streams.update(shape.name, shape);
      logger.info({ stream: shape.name }, 'nats stream updated');
    } catch (error) {
      if (!isStreamNotFound(error)) throw error;
      await manager.streams.add({ ...shape, storage: StorageType.File, retention: RetentionPolicy.Limits });
      logger.info({ stream: shape.name }, 'nats stream created');
    }
  }
}

function isOver({ ended }: NatsSession): boolean {
  return ended.aborted;
}

function streamShape(
  stream: { readonly name: string; readonly subjects: readonly string[] },
  limits: StreamLimits,
  replicas: number,
): StreamShape {
  return {
    name: stream.name,
    subjects: [...stream.subjects],
    max_age: nanos(limits.maxAgeMs),
    max_bytes: limits.maxBytes,
    duplicate_window: nanos(Math.min(limits.duplicateWindowMs, limits.maxAgeMs)),
    discard: DiscardPolicy.Old,
    num_replicas: replicas,
  };
}

function isAsConfigured(actual: StreamConfig, shape: StreamShape): boolean {
  const { subjects, ...scalars } = shape;
  const sameScalars = Object.entries(scalars).every(([key, value]) => actual[key as keyof StreamConfig] === value);
  return sameScalars && actual.subjects.join() === subjects.join();
}

function isStreamNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}
