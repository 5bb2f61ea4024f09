import { SpanKind } from '@opentelemetry/api';
import { headers, type Msg, type Subscription } from '@nats-io/transport-node';
import type { Idc, Logger } from '@rackwright/kernel';
import {
  busHeaders,
  busProblem,
  parsePayload,
  RemoteProblem,
  requestSubject,
  type Problem,
  type RequestContract,
} from '@rackwright/contracts';
import type { NatsLink, NatsSession } from './nats-link.js';
import { inSpan, traceOf } from './tracing.js';

/** Replicas of the service that serves a subject share this queue group: one of them receives each request. */
const QUEUE_GROUP = 'responders';
/** No contract's request comes near this; larger ones are answered without being parsed. */
const MAX_REQUEST_BYTES = 524_288;
/** Beyond this many requests in hand the sender is told at once instead of at its deadline. */
const MAX_CONCURRENT_REQUESTS = 512;

/** A request subject and what serves it. */
export interface ServedRequest<Req extends object, Rep extends object> {
  readonly contract: RequestContract<Req, Rep>;
  readonly idc: Idc;
  readonly handler: (payload: Req) => Promise<Rep>;
}

/** What to send back: a reply, or a problem in its place. */
type Answer = { readonly reply: object } | { readonly problem: Problem };

/** Serves one request subject through every session until disposed. */
export class Responder<Req extends object, Rep extends object> implements AsyncDisposable {
  readonly #served: ServedRequest<Req, Rep>;
  readonly #logger: Logger;
  readonly #subject: string;
  readonly #inHand = new Set<Promise<void>>();
  readonly #forget: () => void;
  #subscription: Subscription | undefined;

  constructor(link: NatsLink, served: ServedRequest<Req, Rep>, logger: Logger) {
    this.#served = served;
    this.#subject = requestSubject(served.contract, served.idc);
    this.#logger = logger.child({ subject: this.#subject });
    this.#forget = link.onSession((session) => {
      this.#subscribe(session);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    const subscription = this.#subscription;
    if (subscription !== undefined && !subscription.isClosed()) {
      // A connection lost meanwhile has nothing left to drain.
      await subscription.drain().catch(() => undefined);
    }
    await Promise.all(this.#inHand);
  }

  #subscribe({ connection }: NatsSession): void {
    const callback = (err: Error | null, message: Msg): void => {
      if (err !== null) this.#logger.error({ err }, 'nats request subscription failed');
      else this.#take(message);
    };
    this.#subscription = connection.subscribe(this.#subject, { queue: QUEUE_GROUP, callback });
  }

  #take(message: Msg): void {
    if (message.reply === undefined || message.reply === '') {
      this.#logger.debug({}, 'nats request without a reply subject dropped');
      return;
    }
    if (this.#inHand.size >= MAX_CONCURRENT_REQUESTS) {
      this.#send(message, { problem: busProblem('unavailable', 'too many requests in hand') });
      return;
    }
    const work = this.#serve(message).finally(() => this.#inHand.delete(work));
    this.#inHand.add(work);
  }

  async #serve(message: Msg): Promise<void> {
    const { area, name } = this.#served.contract;
    const parent = traceOf(message.headers);
    await inSpan({ name: `serve ${area}.${name}`, kind: SpanKind.SERVER, subject: this.#subject, parent }, async () => {
      this.#send(message, await this.#answer(message.data));
    });
  }

  async #answer(octets: Uint8Array): Promise<Answer> {
    if (octets.length > MAX_REQUEST_BYTES) {
      return { problem: busProblem('invalid-request', `a request may hold ${MAX_REQUEST_BYTES} octets`) };
    }
    const parsed = parsePayload(this.#served.contract.request, octets, 'refuse');
    if (!parsed.ok) {
      return { problem: busProblem('invalid-request', 'the payload breaks its contract', parsed.fault) };
    }
    try {
      return { reply: await this.#served.handler(parsed.value) };
    } catch (error) {
      if (error instanceof RemoteProblem) return { problem: error.problem };
      this.#logger.error({ err: error }, 'request handler failed');
      return { problem: busProblem('internal', 'the request could not be served') };
    }
  }

  #send(message: Msg, answer: Answer): void {
    const sent = headers();
    const { area, name } = this.#served.contract;
    try {
      if ('problem' in answer) {
        sent.set(busHeaders.outcome, 'problem');
        message.respond(JSON.stringify(answer.problem), { headers: sent });
      } else {
        sent.set(busHeaders.schema, `reply.${area}.${name}.v1`);
        message.respond(JSON.stringify(answer.reply), { headers: sent });
      }
    } catch (err) {
      this.#failReply(message, err, 'problem' in answer);
    }
  }

  /** A reply that does not fit into a message, or a connection lost while the handler ran. */
  #failReply(message: Msg, err: unknown, isProblem: boolean): void {
    this.#logger.error({ err }, 'reply could not be sent');
    if (!isProblem) this.#send(message, { problem: busProblem('internal', 'the reply could not be sent') });
  }
}
