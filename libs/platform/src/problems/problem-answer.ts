import { HttpException } from '@nestjs/common';
import { isProblemCode, problemCatalog, RemoteProblem, type ProblemCode } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';
import { ProblemError, type ProblemOptions } from './problem-error.js';

/** An error turned into an answer, before it is tied to a request. */
export interface ProblemAnswer extends Pick<ProblemOptions, 'errors' | 'headers' | 'members'> {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** Seconds a client should wait when a dependency is away: about one reconnect. */
const RETRY_AFTER_SECONDS = 2;

/** Codes of Fastify's own errors (bad bodies, bad URLs) in our catalogue. */
const FASTIFY_CODES: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed-http',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_BAD_URL: 'malformed-http',
  FST_ERR_INVALID_URL: 'malformed-http',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
  FST_ERR_NOT_FOUND: 'route-not-found',
};

/** Errors of the operating system that pass when others have given back what they hold (errno(3)). */
const EXHAUSTION_CODES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']);

/** Catalogue codes for refusals that carry nothing but an HTTP status. */
const STATUS_CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'route-not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  409: 'conflict',
  412: 'revision-mismatch',
  413: 'body-too-large',
  414: 'uri-too-long',
  415: 'unsupported-media-type',
  416: 'range-not-satisfiable',
  429: 'rate-limited',
  431: 'headers-too-large',
  503: 'unavailable',
};

function answer(code: ProblemCode, detail: string, options: ProblemOptions = {}): ProblemAnswer {
  return { code, detail, ...problemCatalog[code], ...options };
}

/** Decides how an error is answered. Anything unexpected becomes `internal` and tells the caller nothing. */
export function answerError(error: unknown): ProblemAnswer {
  if (error instanceof ProblemError) {
    const { code, message, errors, headers, members } = error;
    return answer(code, message, { headers, members, ...(errors === undefined ? {} : { errors }) });
  }
  if (error instanceof OperationalError) return answerOperational(error);
  if (error instanceof RemoteProblem) return answerRemote(error);
  const refusal = answerRefusal(error);
  return refusal ?? answer('internal', 'The server failed; the trace id leads to the reason.');
}

function answerOperational(error: OperationalError): ProblemAnswer {
  const code = isProblemCode(error.code) ? error.code : 'unavailable';
  const spec = problemCatalog[code];
  if (spec.status < 500) return answer(code, error.message);
  const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
  // A disk's message names files of this machine; whoever looks after it finds them in the log.
  const detail = code === 'disk-failed' ? 'The disk of the service does not take what is to be kept' : error.message;
  return error.retryable || spec.status === 503
    ? { ...answer(code, detail, { headers }), status: 503 }
    : answer('internal', detail);
}

function answerRemote({ problem }: RemoteProblem): ProblemAnswer {
  const { code, status, title, detail, errors } = problem;
  const headers = status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
  return { code, status, title, detail, headers, ...(errors === undefined ? {} : { errors }) };
}

/** Refusals by Nest, Fastify and the operating system, which know only a status or a code of their own. */
function answerRefusal(error: unknown): ProblemAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  if (EXHAUSTION_CODES.has(code)) {
    const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
    return answer('unavailable', 'The service has no open files or memory left; ask again', { headers });
  }
  const fastifyCode = typeof code === 'string' ? FASTIFY_CODES[code] : undefined;
  if (fastifyCode !== undefined) return answer(fastifyCode, error.message);
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  const byStatus = typeof status === 'number' ? STATUS_CODES[status] : undefined;
  return byStatus === undefined ? undefined : answer(byStatus, error.message);
}
