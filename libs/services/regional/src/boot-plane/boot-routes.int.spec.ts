import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { silentLogger } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { bootRoutePaths } from '../http-boot/boot-route-descriptions.js';
import { runBootPlane } from './boot-plane-fixture.js';

/** A route of Fastify in the words of OpenAPI; an image is told by its ending there. */
function describedPath(url: string): string {
  if (url === '/iso/:mac/:file') return '/iso/{mac}/{name}.iso';
  return url.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}');
}

it('describes the routes of the boot plane that are there, and no others', async () => {
  await using running = await runBootPlane({
    sockets: new NodeDatagramSockets(),
    templates: new LiquidTemplates(),
    store: new MemoryStore({ clock: systemClock }),
    openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
    document: (path) => new FileDocument(path),
  });
  const mounted = new Set<string>();
  const server = fastify();
  server.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) if (each !== 'HEAD') mounted.add(`${each} ${describedPath(url)}`);
  });
  running.plane.mount(server);
  await server.close();
  const described = Object.entries(bootRoutePaths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect([...mounted].sort()).toEqual(described.sort());
});
