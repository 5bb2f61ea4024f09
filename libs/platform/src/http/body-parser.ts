import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';

/** Structured syntax suffix, RFC 6839 section 3.1. */
const JSON_SUFFIX = /^application\/[a-z0-9.-]+\+json(?:;|$)/;
const MAX_REASON_CHARS = 200;

/** Accepts JSON and nothing else. An empty body is no body, whatever its type, as `curl -X POST -d ''` sends it. */
export function registerBodyParser(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  for (const type of ['application/json', JSON_SUFFIX]) {
    fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
      try {
        done(null, parseJson(body));
      } catch (error) {
        done(error as Error);
      }
    });
  }
  fastify.addContentTypeParser('*', (request, _payload, done) => {
    if (request.headers['content-length'] === '0') {
      done(null);
      return;
    }
    const found = request.headers['content-type'] ?? 'none';
    done(new ProblemError('unsupported-media-type', `The body must be application/json, found ${found.slice(0, 100)}`));
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  try {
    text = utf8.decode(body);
  } catch (cause) {
    throw malformed('The body is not UTF-8 text', cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, MAX_REASON_CHARS) : 'unreadable';
    throw malformed(`The body is not valid JSON: ${reason}`, cause);
  }
}

/** The pointer is that of the whole document. */
function malformed(detail: string, cause: unknown): ProblemError {
  return new ProblemError('malformed-json', detail, { errors: [{ pointer: '', detail }], cause });
}
