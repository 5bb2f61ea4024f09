import { readdirSync, readFileSync } from 'node:fs';
import { MemoryBus } from '@rackwright/adapter-memory-bus';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { fieldsOf, type Problem, type StoreEntry } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import { RealClock, SeededRandom } from '@rackwright/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReplicaUnderTest, type ApiAnswer } from '../replica-under-test.js';
import { without } from '../store/without.js';
import { hostileBodyValues, hostileTextValues } from './hostile-values.js';
import { attackedRoutes, type AttackedRoute } from './routes.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ABSENT = Symbol('absent');

let stack: AsyncDisposableStack;
let store: MemoryStore;
let api: ReplicaUnderTest;
let before: readonly StoreEntry[];

/** Everything but the leader's key, which comes and goes by itself. */
async function contents(): Promise<readonly StoreEntry[]> {
  return (await store.list('/os/')).entries.filter(({ key }) => key !== '/os/global/leader');
}

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const ports = { clock: new RealClock(), random: new SeededRandom(1) };
  store = stack.use(new MemoryStore(ports));
  const bus = stack.use(new MemoryBus({ ...ports, logger: silentLogger }));
  api = stack.use(await ReplicaUnderTest.start({ ...ports, store: store.connect(), bus }));
});

beforeEach(async () => {
  before = await contents();
});

afterAll(() => stack.disposeAsync());

function pathOf(route: AttackedRoute, changes: Readonly<Record<string, string>> = {}): string {
  const values = { ...route.path?.valid, ...changes };
  return route.route.replace(/:([a-z_]+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

function expectRefusal(answer: ApiAnswer<Problem>, field: string, sent: unknown): void {
  const what = [JSON.stringify(sent)].join().slice(0, 100);
  expect([what, answer.status]).toEqual([what, 400]);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const pointers = answer.body.errors?.map(({ pointer }) => pointer) ?? [];
  const names = pointers.some((pointer) => pointer === `/${field}` || pointer.startsWith(`/${field}/`));
  expect([what, names, pointers]).toEqual([what, true, pointers]);
  expect(answer.body.error).toBe(answer.body.detail);
}

function attack(route: AttackedRoute, body: Readonly<Record<string, unknown>>): Promise<ApiAnswer<Problem>> {
  return api.refused(route.method, pathOf(route), { body });
}

const named = attackedRoutes.map((route) => [`${route.method} ${route.route}`, route] as const);

describe.each(named)('%s', (_, route) => {
  const { body, query, path } = route;
  if (body !== undefined) {
    it.each(fieldsOf(body.dto).map((field) => [field.name, field] as const))(
      'refuses a wrong %s',
      async (name, field) => {
        const values = [...hostileBodyValues(field), ...(field.required ? [ABSENT] : [])];
        for (const value of values) {
          const rest = without(body.valid, name);
          expectRefusal(await attack(route, value === ABSENT ? rest : { ...rest, [name]: value }), name, value);
        }
        expect(await contents()).toEqual(before);
      },
    );

    it('refuses what it does not know and what is no document', async () => {
      expectRefusal(await attack(route, { ...body.valid, surprise: 1 }), 'surprise', 'surprise');
      const answers = await Promise.all([
        api.refused(route.method, pathOf(route), { text: '{"__proto__":{"a":1}}' }),
        api.refused(route.method, pathOf(route), { text: '[]' }),
        api.refused(route.method, pathOf(route), { text: '"x"' }),
        api.refused(route.method, pathOf(route), { text: '{' }),
        api.refused(route.method, pathOf(route), { text: JSON.stringify({ x: 'a'.repeat(2_000_000) }) }),
        api.refused(route.method, pathOf(route), { text: '{}', headers: { 'content-type': 'text/plain' } }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 413, 415]);
      expect(await contents()).toEqual(before);
    });
  }
  if (query !== undefined) {
    it.each(fieldsOf(query).map((field) => [field.name, field] as const))(
      'refuses a wrong ?%s',
      async (name, field) => {
        for (const value of hostileTextValues(field, 'query')) {
          const search = new URLSearchParams({ [name]: value }).toString();
          const sent = body === undefined ? {} : { body: body.valid };
          expectRefusal(await api.refused(route.method, `${pathOf(route)}?${search}`, sent), name, value);
        }
        expect(await contents()).toEqual(before);
      },
    );

    it('refuses an unknown and a repeated ?parameter', async () => {
      const sent = body === undefined ? {} : { body: body.valid };
      expectRefusal(await api.refused(route.method, `${pathOf(route)}?surprise=1`, sent), 'surprise', 'surprise');
      const [first] = fieldsOf(query);
      const twice = `${first?.name ?? ''}=a&${first?.name ?? ''}=b`;
      expectRefusal(await api.refused(route.method, `${pathOf(route)}?${twice}`, sent), first?.name ?? '', twice);
    });
  }
  if (path !== undefined) {
    it.each(fieldsOf(path.dto).map((field) => [field.name, field] as const))(
      'refuses a wrong :%s',
      async (name, field) => {
        const sent = body === undefined ? {} : { body: body.valid };
        for (const value of hostileTextValues(field, 'path')) {
          expectRefusal(await api.refused(route.method, pathOf(route, { [name]: value }), sent), name, value);
        }
        expect(await contents()).toEqual(before);
      },
    );
  }
});

describe('the list of attacked routes', () => {
  it('has every route of every controller', () => {
    const source = new URL('..', import.meta.url);
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.controller.ts'),
    );
    const declared = files.flatMap((file) => routesIn(readFileSync(new URL(file, source), 'utf8')));
    const attacked = new Set(attackedRoutes.map(({ method, route }) => `${method} ${route}`));
    expect(declared.length).toBeGreaterThan(40);
    // Neither reads anything of its request.
    expect(declared.filter((route) => !attacked.has(route)).sort()).toEqual(['GET /api/v1/stats', 'GET /ws']);
  });
});

function routesIn(controller: string): readonly string[] {
  const prefix = /@Controller\('([^']*)'\)/.exec(controller)?.[1] ?? '';
  const found = controller.matchAll(/^ {2}@(Get|Post|Put|Patch|Delete)\((?:'([^']*)')?\)/gm);
  return [...found].map(([, verb = '', path]) => {
    const whole = ['', prefix, ...(path === undefined ? [] : [path])].join('/');
    return `${verb.toUpperCase()} ${whole}`;
  });
}
