import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Store } from '@rackwright/contracts';
import type { Logger } from '@rackwright/kernel';
import { ProblemError } from '../problems/problem-error.js';
import { fingerprintOf, type StoredAnswer } from './idempotency-record.js';
import { IdempotencyLedger, type Claim } from './idempotency-ledger.js';

const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const KEY_SHAPE = /^[\x21-\x7e]{1,255}$/;
/** Headers that are part of an answer; the rest belongs to the connection or to the moment. */
const KEPT_HEADERS = ['content-type', 'location', 'etag', 'link', 'x-total-count'] as const;
/** Refusals that say nothing about the request itself: the same request may well succeed later. */
const PASSING_REFUSALS: ReadonlySet<number> = new Set([401, 403, 408, 425, 429]);
/** Below etcd's limit of 1.5 MiB per request, with room for the envelope and escaping. */
const MAX_BODY_CHARS = 524_288;

/** Makes writes with an `Idempotency-Key` happen once: a repeated one gets the answer of the first. */
export function registerIdempotency(
  fastify: FastifyInstance,
  ports: { readonly store: Store; readonly logger: Logger },
): void {
  const ledger = new IdempotencyLedger(ports.store);
  const claims = new WeakMap<FastifyRequest, Claim>();

  fastify.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    if (key === undefined) return;
    const outcome = await ledger.claim(key, fingerprintOf(request.method, request.url, request.body));
    if (outcome.kind === 'claimed') claims.set(request, outcome.claim);
    else if (outcome.kind === 'answered') return replay(reply, outcome.answer);
    else throw refusal(outcome.kind);
  });

  fastify.addHook('onSend', async (request, reply, payload) => {
    const claim = claims.get(request);
    if (claim === undefined) return payload;
    claims.delete(request);
    try {
      const answer = lastingAnswer(reply, payload);
      if (answer === undefined) await ledger.release(claim);
      else await ledger.keep(claim, answer);
    } catch (error) {
      // The write itself is done; the claim expires by its lease.
      ports.logger.warn({ err: error, request_id: request.id }, 'the answer to an idempotent request was not kept');
    }
    return payload;
  });
}

function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined || !WRITES.has(request.method)) return undefined;
  if (typeof header === 'string' && KEY_SHAPE.test(header)) return header;
  const detail = 'Idempotency-Key must be 1 to 255 visible ASCII characters';
  throw new ProblemError('invalid-request', detail, { errors: [{ pointer: '/idempotency-key', detail }] });
}

function refusal(kind: 'in-progress' | 'reused'): ProblemError {
  if (kind === 'reused') {
    return new ProblemError('idempotency-key-reused', 'This Idempotency-Key was used for a request with other content');
  }
  return new ProblemError('idempotency-key-in-progress', 'The first request with this Idempotency-Key has not ended', {
    headers: { 'retry-after': '1' },
  });
}

function replay(reply: FastifyReply, answer: StoredAnswer): FastifyReply {
  for (const [name, value] of Object.entries(answer.headers)) void reply.header(name, value);
  return reply.status(answer.status).header('idempotency-replayed', 'true').send(answer.body);
}

/** The answer to keep; `undefined` when a repetition should be processed again. */
function lastingAnswer(reply: FastifyReply, payload: unknown): StoredAnswer | undefined {
  const status = reply.statusCode;
  const isText = payload === undefined || payload === null || typeof payload === 'string';
  if (status >= 500 || PASSING_REFUSALS.has(status) || !isText) return undefined;
  const body = payload ?? '';
  if (body.length > MAX_BODY_CHARS) return undefined;
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  return { status, headers, body };
}
