import { defineConfig } from 'vitest/config';

const tests = (suffix: string): string[] => [`{libs,apps,tools,e2e,bench}/**/*.${suffix}.ts`];

/** Workspace packages are tested from source, not from a build that may be stale. */
const shared = {
  resolve: { conditions: ['@rackwright/source'] },
  ssr: { resolve: { conditions: ['@rackwright/source'] } },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: tests('spec'),
          exclude: ['**/node_modules/**', '**/dist/**', '**/*.{contract,int,e2e}.spec.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          include: [...tests('contract.spec'), ...tests('int.spec')],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: tests('e2e.spec'),
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 1_200_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
