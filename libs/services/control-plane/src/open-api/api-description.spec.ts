import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { silentLogger } from '@rackwright/kernel';
import { RealClock, SeededRandom } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { attackedRoutes, type AttackedRoute } from '../hostile-input/routes.js';
import { ReplicaUnderTest } from '../replica-under-test.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

let stack: AsyncDisposableStack;
let description: Description;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const ports = { clock: new RealClock(), random: new SeededRandom(1) };
  const store = stack.use(new MemoryStore(ports));
  const bus = stack.use(new MemoryBus({ ...ports, logger: silentLogger }));
  const api = stack.use(await ReplicaUnderTest.start({ ...ports, store, bus }));
  description = (await api.get<Description>('/openapi.json')).body;
});

afterAll(() => stack.disposeAsync());

function operationOf(method: string, route: string): Operation | undefined {
  const path = route.replace(/:([a-z_]+)/g, '{$1}');
  return description.paths[path]?.[method.toLowerCase()];
}

const named = (): (readonly [string, AttackedRoute])[] =>
  attackedRoutes.map((route) => [`${route.method} ${route.route}`, route]);

function expectedMedia({ method, route }: AttackedRoute): string {
  if (method === 'DELETE') return 'none';
  return route === '/api/v1/events' ? 'text/event-stream' : 'application/json';
}

describe('the API description', () => {
  it('is the committed one; to renew that, run this test with -u', async () => {
    const committed = new URL('../../../../../docs/reference/openapi-control-plane.json', import.meta.url);
    await expect(`${JSON.stringify(description, undefined, 2)}\n`).toMatchFileSnapshot(committed.pathname);
  });

  it.each(named())('has %s with its inputs', (_, route) => {
    const operation = operationOf(route.method, route.route);
    const inPath = (operation?.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(operation?.summary).toMatch(/^[A-Z]/);
    expect(inPath.map(({ name }) => name)).toEqual(Object.keys(route.path?.valid ?? {}));
    expect(operation?.requestBody !== undefined).toBe(route.body !== undefined);
  });

  it.each(named())('has %s with its answers', (_, route) => {
    const responses = Object.entries(operationOf(route.method, route.route)?.responses ?? {});
    const mediaOf = (isWanted: (status: string) => boolean): string[] =>
      responses
        .filter(([status]) => isWanted(status))
        .flatMap(([, { content }]) => Object.keys(content ?? { none: 1 }));
    expect(responses.map(([status]) => status)).toEqual(expect.arrayContaining(['400', '503', 'default']));
    expect(new Set(mediaOf((status) => /^[45]/.test(status)))).toEqual(new Set(['application/problem+json']));
    const answered = mediaOf((status) => status.startsWith('2'));
    expect(answered).toEqual([expectedMedia(route)]);
  });

  it('refers to nothing that it does not define', () => {
    const references = JSON.stringify(description).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    const missing = [...references]
      .map(([, name = '']) => name)
      .filter((name) => !(name in description.components.schemas));
    expect(missing).toEqual([]);
  });
});
