import { SpanKind } from '@opentelemetry/api';
import { headers, type Msg } from '@nats-io/transport-node';
import { OperationalError, type Idc } from '@rackwright/kernel';
import {
  busHeaders,
  parsePayload,
  parseProblem,
  RemoteProblem,
  requestSubject,
  type RequestContract,
  type RequestOptions,
} from '@rackwright/contracts';
import { toOperational } from './nats-faults.js';
import type { NatsLink } from './nats-link.js';
import { injectTrace, inSpan } from './tracing.js';
import { untilAborted } from './with-deadline.js';

/** A request about to be sent. */
export interface OutgoingRequest<Req extends object, Rep extends object> {
  readonly contract: RequestContract<Req, Rep>;
  readonly idc: Idc;
  readonly payload: Req;
}

/** Sends one request and reads its reply; rejects as `MessageBus.request` promises. */
export async function sendRequest<Req extends object, Rep extends object>(
  link: NatsLink,
  outgoing: OutgoingRequest<Req, Rep>,
  options: RequestOptions = {},
): Promise<Rep> {
  options.signal?.throwIfAborted();
  const { contract, idc } = outgoing;
  const subject = requestSubject(contract, idc);
  return inSpan({ name: `request ${contract.area}.${contract.name}`, kind: SpanKind.CLIENT, subject }, async () => {
    const reply = await exchange(link, outgoing, options);
    return readReply(contract, reply);
  });
}

async function exchange<Req extends object, Rep extends object>(
  link: NatsLink,
  { contract, idc, payload }: OutgoingRequest<Req, Rep>,
  options: RequestOptions,
): Promise<Msg> {
  const subject = requestSubject(contract, idc);
  const { connection } = link.session();
  const sent = injectTrace(headers());
  sent.set(busHeaders.schema, `request.${contract.area}.${contract.name}.v1`);
  const timeout = options.timeoutMs ?? contract.timeoutMs;
  const replied = connection.request(subject, JSON.stringify(payload), { timeout, headers: sent });
  try {
    return await untilAborted(replied, options.signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw toOperational(error, subject);
  }
}

function readReply<Req extends object, Rep extends object>(contract: RequestContract<Req, Rep>, reply: Msg): Rep {
  if (reply.headers?.get(busHeaders.outcome) === 'problem') {
    const problem = parseProblem(reply.data);
    throw problem === undefined ? invalidReply(reply.subject, undefined) : new RemoteProblem(problem);
  }
  const parsed = parsePayload(contract.reply, reply.data, 'drop');
  if (!parsed.ok) throw invalidReply(`${contract.area}.${contract.name}`, parsed.fault);
  return parsed.value;
}

function invalidReply(what: string, fields: unknown): OperationalError {
  const message = `the reply to ${what} is not what its contract says: ${JSON.stringify(fields ?? 'not a problem')}`;
  return new OperationalError(message, { code: 'reply-invalid', retryable: false });
}
