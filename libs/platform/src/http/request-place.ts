import type { Context } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { FastifyRequest } from 'fastify';
import type { ProblemPlace } from '../problems/render-problem.js';

/** Longer paths are cut in answers and logs. */
const MAX_PATH_CHARS = 512;

const contexts = new WeakMap<object, Context>();

/** Remembers the trace context of a request: body parsing and error handling run outside of it. */
export function keepContext(request: FastifyRequest, context: Context): void {
  contexts.set(request.raw, context);
}

/** The trace context of a request; `undefined` for requests that are not traced. */
export function contextOf(request: FastifyRequest): Context | undefined {
  return contexts.get(request.raw);
}

/** The path of a URL without its query. */
export function pathOf(url: string | undefined): string {
  return (url ?? '').split(/[?;#]/, 1)[0]?.slice(0, MAX_PATH_CHARS) ?? '';
}

/** Boot tokens are 64 digits. A route may not be found because of what follows the token. */
const LIKE_A_TOKEN = /[0-9a-f]{64}/i;

/** The path of a request for logs and traces: without its query, and without tokens that some installers need in it. */
export function shownPathOf(request: FastifyRequest): string {
  const template = request.routeOptions.url?.split('/') ?? [];
  const isSecret = (part: string, index: number): boolean => template[index] === ':token' || LIKE_A_TOKEN.test(part);
  const parts = pathOf(request.raw.url).split('/');
  return parts.map((part, index) => (isSecret(part, index) ? '(hidden)' : part)).join('/');
}

/** What an error answer says about its request. */
export function placeOf(request: FastifyRequest): ProblemPlace {
  const context = contextOf(request);
  const span = context === undefined ? undefined : trace.getSpan(context);
  return { instance: shownPathOf(request), traceId: span?.spanContext().traceId };
}
