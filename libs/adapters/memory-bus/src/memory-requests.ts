import { context } from '@opentelemetry/api';
import { OperationalError, type Clock, type Logger } from '@rackwright/kernel';
import {
  busProblem,
  parsePayload,
  parseProblem,
  RemoteProblem,
  requestSubject,
  type Problem,
  type RequestContract,
  type RequestOptions,
} from '@rackwright/contracts';
import type { MemoryBroker, RawReply } from './memory-broker.js';

/** Larger requests are answered without being parsed. */
const MAX_REQUEST_BYTES = 524_288;

/** A handler with the contract it serves. */
export interface ServedRequest<Req extends object, Rep extends object> {
  readonly contract: RequestContract<Req, Rep>;
  readonly handler: (payload: Req) => Promise<Rep>;
}

/** Serves the octets of one request; never rejects. */
export async function serveOctets<Req extends object, Rep extends object>(
  { contract, handler }: ServedRequest<Req, Rep>,
  octets: Uint8Array,
  logger: Logger,
): Promise<RawReply> {
  if (octets.length > MAX_REQUEST_BYTES) {
    return problemReply(busProblem('invalid-request', `a request may hold ${MAX_REQUEST_BYTES} octets`));
  }
  const parsed = parsePayload(contract.request, octets, 'refuse');
  if (!parsed.ok) {
    return problemReply(busProblem('invalid-request', 'the payload breaks its contract', parsed.fault));
  }
  try {
    return { outcome: 'reply', body: JSON.stringify(await handler(parsed.value)) };
  } catch (error) {
    if (error instanceof RemoteProblem) return problemReply(error.problem);
    logger.error({ err: error, request: `${contract.area}.${contract.name}` }, 'request handler failed');
    return problemReply(busProblem('internal', 'the request could not be served'));
  }
}

function problemReply(problem: Problem): RawReply {
  return { outcome: 'problem', body: JSON.stringify(problem) };
}

/** A request about to be sent. */
export interface OutgoingRequest<Req extends object, Rep extends object> {
  readonly contract: RequestContract<Req, Rep>;
  readonly subject: ReturnType<typeof requestSubject>;
  readonly payload: Req;
  readonly options: RequestOptions;
}

/** Sends one request through the broker; `lost` is aborted when the sender's connection is cut. */
export async function exchange<Req extends object, Rep extends object>(
  { broker, clock, lost }: { readonly broker: MemoryBroker; readonly clock: Clock; readonly lost: AbortSignal },
  outgoing: OutgoingRequest<Req, Rep>,
): Promise<Rep> {
  const { contract, subject, payload, options } = outgoing;
  const octets = new TextEncoder().encode(JSON.stringify(payload));
  const sender = context.active();
  // The responder runs later, as it would on the other side of a wire, in the trace of the sender.
  const served = Promise.resolve().then(() => context.with(sender, () => broker.dispatch(subject, octets)));
  const timeoutMs = options.timeoutMs ?? contract.timeoutMs;
  const reply = await untilFirst(served, { clock, timeoutMs, subject, signals: [lost, options.signal] });
  if (reply === undefined) {
    throw new OperationalError(`nobody serves ${subject}`, { code: 'no-responder', retryable: true });
  }
  return readReply(contract, reply);
}

interface Limits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly subject: string;
  readonly signals: readonly (AbortSignal | undefined)[];
}

async function untilFirst<T>(work: Promise<T>, { clock, timeoutMs, subject, signals }: Limits): Promise<T> {
  const end = Promise.withResolvers<never>();
  const cancel = clock.schedule(timeoutMs, () => {
    const message = `${subject} was not answered in time`;
    end.reject(new OperationalError(message, { code: 'request-timeout', retryable: true }));
  });
  const ended = AbortSignal.any(signals.filter((signal) => signal !== undefined));
  const onAbort = (): void => {
    end.reject(ended.reason as Error);
  };
  ended.addEventListener('abort', onAbort, { once: true });
  try {
    ended.throwIfAborted();
    return await Promise.race([work, end.promise]);
  } finally {
    cancel();
    ended.removeEventListener('abort', onAbort);
  }
}

function readReply<Req extends object, Rep extends object>(
  contract: RequestContract<Req, Rep>,
  { outcome, body }: RawReply,
): Rep {
  const octets = new TextEncoder().encode(body);
  if (outcome === 'problem') {
    const problem = parseProblem(octets);
    if (problem !== undefined) throw new RemoteProblem(problem);
  }
  const parsed = parsePayload(contract.reply, octets, 'drop');
  if (parsed.ok) return parsed.value;
  const message = `the reply to ${contract.area}.${contract.name} is not what its contract says`;
  throw new OperationalError(message, { code: 'reply-invalid', retryable: false });
}
