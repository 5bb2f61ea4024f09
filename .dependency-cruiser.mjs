import { importTable, scopes } from './tools/lint/import-table.mjs';

const folders = {
  kernel: '^libs/kernel/',
  domain: '^libs/domain/',
  protocol: '^libs/protocol/',
  contract: '^libs/contracts/',
  adapter: '^libs/adapters/',
  platform: '^libs/platform/',
  service: '^libs/services/',
  ui: '^libs/ui/',
  testing: '^libs/testing/',
  app: '^apps/',
};
const tests = '[.]spec[.]ts$';
const ownPackage = {
  domain: '^libs/domain/$1/',
  protocol: '^libs/protocol/$1/',
  adapter: '^libs/adapters/$1/',
};

/** The import table again, per file: what a package.json tag gets wrong shows here. */
function layerRules() {
  return Object.entries(importTable).map(([type, row]) => {
    const allowed = row.layers.map((layer) => folders[layer.replace('type:', '')]);
    const own = ownPackage[type] ?? folders[type];
    const from = ownPackage[type] ? folders[type].replace(/\/$/, '/([^/]+)/') : folders[type];
    return {
      name: `${type}-depends-only-on-its-row`,
      comment: `See the import table in ARCHITECTURE.md: ${type} -> ${row.layers.join(', ')}.`,
      severity: 'error',
      from: { path: from, pathNot: tests },
      to: { path: '^(libs|apps|e2e|bench|tools)/', pathNot: [own, ...allowed] },
    };
  });
}

const scopeRules = scopes.map((scope) => ({
  name: `scope-${scope}`,
  comment: 'A service never depends on another service; they speak through contracts.',
  severity: 'error',
  from: { path: `^libs/services/${scope}/` },
  to: { path: '^libs/services/', pathNot: `^libs/services/${scope}/` },
}));

export default {
  forbidden: [
    ...layerRules(),
    ...scopeRules,
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or share a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A module nobody imports and that imports nobody is dead, or not wired.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['[.](mjs|d[.]ts)$', '[.]config[.]ts$', '/src/index[.]ts$', '/src/main[.]ts$', tests],
      },
      to: {},
    },
    {
      name: 'no-deep-imports',
      comment: 'The index of a package is its public surface.',
      severity: 'error',
      from: { path: '^libs/([^/]+/[^/]+)/' },
      to: { path: '^libs/', pathNot: ['/src/index[.]ts$', '^libs/$1/'] },
    },
    {
      name: 'no-deep-imports-from-programs',
      comment: 'The index of a package is its public surface.',
      severity: 'error',
      from: { path: '^(apps|tools|e2e|bench)/' },
      to: { path: '^libs/', pathNot: '/src/index[.]ts$' },
    },
    {
      name: 'no-imports-of-apps',
      comment: 'An app is a program; what it shares belongs in a library.',
      severity: 'error',
      from: { pathNot: '^apps/([^/]+)/' },
      to: { path: '^apps/' },
    },
    {
      name: 'no-shipped-code-on-test-code',
      comment: 'What ships never depends on launchers, fakes or specs.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/testing/', tests] },
      to: { path: ['^libs/testing/', tests] },
    },
    {
      name: 'core-is-pure',
      comment: 'Sockets, files, processes and timers live in adapters.',
      severity: 'error',
      from: { path: '^libs/(kernel|domain|protocol)/', pathNot: tests },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'],
        pathNot: ['^(libs|@rackwright)/', '^(node:)?(util|buffer|crypto)$'],
      },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that resolves to nothing.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      comment:
        'A package imports only what its own package.json declares; tests may also use the root development tools.',
      severity: 'error',
      from: {
        pathNot: [
          tests,
          '^libs/testing/src/(conformance|fuzz)/',
          '^[^/]+$',
          '^tools/[^/]+[.](mjs|ts)$',
          '^tools/lint/',
        ],
      },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: ['/dist/', '^[.]nx/', '^[.]rackwright/'] },
    combinedDependencies: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: {
      conditionNames: ['@rackwright/source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
