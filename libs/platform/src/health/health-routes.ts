import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Health } from './health.js';

/** Serves `/health` (the process is alive), `/ready` (its dependencies answer) and `/metrics`. */
export function registerHealthRoutes(fastify: FastifyInstance, health: Health, metrics: Metrics): void {
  fastify.get('/health', (_request, reply) => {
    void reply.header('cache-control', 'no-store').send({ status: 'ok' });
  });
  fastify.get('/ready', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    const checks = await health.results();
    const failed = checks.filter(({ ok }) => !ok);
    if (failed.length === 0) return { status: 'ready', checks };
    const detail = failed.map(({ name, detail: reason = 'failed' }) => `${name}: ${reason}`).join('; ');
    throw new ProblemError('not-ready', detail, { headers: { 'retry-after': '1' }, members: { checks } });
  });
  fastify.get('/metrics', async (_request, reply) => {
    void reply.header('content-type', metrics.contentType).header('cache-control', 'no-store');
    return metrics.render();
  });
}
