/**
 * Who may import whom: the table of ARCHITECTURE.md as data. ESLint enforces it per package through the `nx.tags` in each
 * package.json; dependency-cruiser enforces it again per file.
 */

const pure = ['type:kernel'];
const shell = ['type:kernel', 'type:domain', 'type:protocol', 'type:contract'];

/** What shipped code of each type may depend on; `external` absent means any declared npm package. */
export const importTable = {
  kernel: { layers: pure, external: [] },
  domain: { layers: pure, external: [] },
  protocol: { layers: pure, external: [] },
  contract: { layers: ['type:kernel', 'type:domain'], banned: ['@nats-io/*', 'etcd3', 'pino', 'fastify', 'ws'] },
  adapter: { layers: shell, banned: ['@nestjs/*'] },
  platform: { layers: ['type:kernel', 'type:contract'], banned: ['@nats-io/*', 'etcd3'] },
  service: { layers: [...shell, 'type:platform', 'type:service'], banned: ['@nats-io/*', 'etcd3'] },
  ui: { layers: ['type:kernel', 'type:contract', 'type:ui'] },
};

/** Types that may depend on every layer except the apps. */
const unrestrictedTypes = ['testing', 'e2e'];

/** One scope per service; nothing of one scope depends on another. */
export const scopes = ['control-plane', 'regional', 'operator-pm', 'host-agent', 'install-agent', 'prewarm', 'cli'];

/** The only packages that speak to each technology. Benchmarks compare against the raw client. */
export const technologyOwners = {
  etcd3: ['libs/adapters/etcd-store/**/*.ts', 'bench/**/*.ts'],
  '@nats-io': ['libs/adapters/nats-bus/**/*.ts', 'bench/**/*.ts'],
};

const testTools = ['vitest', 'fast-check'];
const testLayers = ['type:testing', 'type:adapter'];

/** Constraints for shipped code. */
export const sourceConstraints = () => constraints({ extraLayers: [], extraExternal: [] });

/** Constraints for tests: the same table, plus the test tools, the conformance suites and the memory adapters. */
export const testConstraints = () => constraints({ extraLayers: testLayers, extraExternal: testTools });

function constraints({ extraLayers, extraExternal }) {
  const typed = Object.entries(importTable).map(([type, row]) => ({
    sourceTag: `type:${type}`,
    onlyDependOnLibsWithTags: [...row.layers, ...extraLayers],
    ...(row.external && { allowedExternalImports: [...row.external, ...extraExternal] }),
    ...(row.banned && { bannedExternalImports: row.banned }),
  }));
  const open = unrestrictedTypes.map((type) => ({ sourceTag: `type:${type}`, notDependOnLibsWithTags: ['type:app'] }));
  const scoped = scopes.map((scope) => ({
    sourceTag: `scope:${scope}`,
    notDependOnLibsWithTags: scopes.filter((other) => other !== scope).map((other) => `scope:${other}`),
  }));
  return [...typed, ...open, { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['*'] }, ...scoped];
}
