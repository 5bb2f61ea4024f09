import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Site, type Region } from '../region-rig.spec.js';

interface Operation {
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

let region: Region;
let description: Description;

beforeAll(async () => {
  region = await new Site().start();
  const response = await fetch(`${region.url}/openapi.json`);
  description = (await response.json()) as Description;
});

afterAll(() => region[Symbol.asyncDispose]());

function operations(): readonly (readonly [name: string, operation: Operation])[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );
}

describe('the API description', () => {
  it('is the committed one; `npm run reference:renew` writes it', async () => {
    const committed = new URL('../../../../../docs/reference/openapi-regional.json', import.meta.url);
    await expect(`${JSON.stringify(description, undefined, 2)}\n`).toMatchFileSnapshot(committed.pathname);
  });

  it('tells of every operation what it does, what it takes and what it answers', () => {
    expect(operations().length).toBeGreaterThan(40);
    for (const [name, { summary, parameters = [], responses }] of operations()) {
      expect(summary, name).toMatch(/^[A-Z]|^(user|meta|vendor)-data/);
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      expect(parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)).toEqual(
        inPath,
      );
      const successes = Object.entries(responses).filter(([status]) => /^20[01]|^202/.test(status));
      const isEmpty = '204' in responses;
      expect(
        successes.every(([, { content }]) => content !== undefined) && (isEmpty || successes.length > 0),
        name,
      ).toBe(true);
    }
  });

  it('marks what needs the boot token', () => {
    const guarded = operations().filter(([, { security }]) => security !== undefined);
    expect(guarded.map(([name]) => name).sort()).toEqual([
      'get /api/v1/task/{sn}',
      'post /api/v1/device/getHardwareConfig',
      'post /api/v1/device/getNextOperation',
      'post /api/v1/device/getOSInstallConfig',
      'post /api/v1/device/installComplete',
      'post /api/v1/device/isInInstallQueue',
      'post /api/v1/device/operationComplete',
      'post /api/v1/logs',
      'post /api/v1/progress',
    ]);
  });

  it('refers to nothing that it does not define', () => {
    const references = JSON.stringify(description).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    const missing = [...references]
      .map(([, name = '']) => name)
      .filter((name) => !(name in description.components.schemas));
    expect(missing).toEqual([]);
  });
});
