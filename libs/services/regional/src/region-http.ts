import type { FastifyInstance } from 'fastify';
import { createHttpService, type HttpService, type ReadinessCheck } from '@rackwright/platform';
import { bootRoutePaths } from './http-boot/boot-route-descriptions.js';
import { httpOptionsOf } from './http-boot/http-options.js';
import type { RegionalParts } from './regional-parts.js';
import { RegionalModule, type RegionalProviders } from './regional.module.js';
import type { Serving } from './serving.js';
import { traceOfRequest } from './tracing/trace-of-request.js';

const API_INFO = {
  title: 'Rackwright regional service',
  description:
    'Network boot, the API of install agents, and the nodes of one data centre. Which boot files to put where is in ' +
    'docs/guides/boot-files.md. /health, /ready and /metrics are as on every service.',
  bearer: 'The boot token of the attempt: in the kernel command line and the answer file of the machine.',
  paths: bootRoutePaths,
} as const;

/** Listens: the API, the boot routes, and what every service has. */
export function listenRegion(
  parts: RegionalParts,
  providers: RegionalProviders,
  serving: Serving,
): Promise<HttpService> {
  const { config, version, store } = parts;
  return createHttpService(RegionalModule.forRoot(providers), {
    ...parts,
    ...API_INFO,
    ...httpOptionsOf(config),
    version,
    host: config.httpHost,
    port: config.httpPort,
    bodyLimitBytes: config.httpBodyLimitBytes,
    checks: readinessChecks(parts, serving),
    idempotencyStore: store,
    shortcut: {
      route: providers.plane.shortcut.route,
      answer: (request, response) => serving.isOpen && providers.plane.shortcut.answer(request, response),
    },
    traceOf: ({ url, headers }) => traceOfRequest({ url, headers }, providers),
    configure: (fastify) => {
      serving.guard(fastify);
      acceptLogLines(fastify);
      providers.plane.mount(fastify);
    },
  });
}

/** A region whose site data do not come from etcd is ready without it. */
function readinessChecks({ config, store, bus }: RegionalParts, serving: Serving): readonly ReadinessCheck[] {
  const region: ReadinessCheck = {
    name: 'region',
    check: async () => {
      if (!serving.isOpen) throw new Error(serving.reason);
    },
  };
  if (config.siteBackend !== 'etcd') return [region];
  return [{ name: 'etcd', check: () => store.currentRevision() }, { name: 'nats', check: () => bus.ping() }, region];
}

const utf8 = new TextDecoder('utf-8', { fatal: false });

/** Log lines come as NDJSON text; its lines are parsed one by one later. */
function acceptLogLines(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('application/x-ndjson', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    done(null, utf8.decode(body));
  });
}
