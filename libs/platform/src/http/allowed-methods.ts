import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';
import { pathOf } from './request-place.js';

interface RoutePattern {
  readonly shape: RegExp;
  readonly methods: Set<string>;
}

/** Answers 405 with `Allow` where a path exists and its method does not (RFC 9110 section 15.5.6). */
export function registerMethodRefusal(fastify: FastifyInstance): void {
  const patterns = new Map<string, RoutePattern>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const pattern = patterns.get(url) ?? { shape: shapeOf(url), methods: new Set() };
    for (const name of Array.isArray(method) ? method : [method]) pattern.methods.add(name);
    patterns.set(url, pattern);
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const allowed = request.is404 ? methodsAt(patterns.values(), pathOf(request.raw.url)) : [];
    if (allowed.length === 0 || allowed.includes(request.method)) {
      done();
      return;
    }
    done(
      new ProblemError('method-not-allowed', `${request.method} is not possible here, only ${allowed.join(', ')}`, {
        headers: { allow: allowed.join(', ') },
      }),
    );
  });
}

function methodsAt(patterns: Iterable<RoutePattern>, path: string): readonly string[] {
  const found = new Set<string>();
  for (const { shape, methods } of patterns) {
    if (shape.test(path)) for (const method of methods) found.add(method);
  }
  return [...found].sort();
}

/** The paths of a route template: a `:name` is one segment or a part of it, a `*` is all that follows. */
function shapeOf(template: string): RegExp {
  const source = template
    .split(/(:[A-Za-z_]+|\*)/)
    .map((part) => (part === '*' ? '.+' : part.startsWith(':') ? '[^/]+' : escape(part)))
    .join('');
  return new RegExp(`^${source}/?$`);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
