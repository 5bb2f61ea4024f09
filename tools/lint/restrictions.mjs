/** Syntax and imports that the house style forbids, by the kind of file they appear in. */

const everywhere = [
  { selector: 'ExportAllDeclaration', message: 'List the public surface by name; `export *` hides it.' },
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: 'TSEnumDeclaration', message: 'Use an `as const` object and a union.' },
  { selector: 'TSExportAssignment', message: 'Named exports only.' },
  {
    selector: 'ImportDeclaration[source.value=/^\\.\\.?\\u002F/]:not([source.value=/\\.(js|json)$/])',
    message: 'Relative imports carry `.js`.',
  },
  {
    selector: 'CallExpression[callee.property.name=/^watch$/][arguments.length=0]',
    message: 'etcd3 `client.watch()` silently loses events on reconnect; use the list-watch of adapters/etcd-store.',
  },
];

const environment = [
  {
    selector:
      "MemberExpression[object.name='process'][property.name='env'], MemberExpression[object.name='process'][property.value='env']",
    message: 'Only the configuration loader of libs/platform reads the environment.',
  },
];

const exit = [
  {
    selector: "CallExpression[callee.object.name='process'][callee.property.name='exit']",
    message: 'Set process.exitCode and let resources dispose; never exit in the middle.',
  },
];

const clock = 'Take a Clock from @rackwright/kernel: time is a port.';
const random = 'Take a Random from @rackwright/kernel: randomness is a port.';
const timers = '/^(setTimeout|setInterval|setImmediate)$/';

const timeAndChance = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: clock },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clock },
  { selector: "CallExpression[callee.name='Date']", message: clock },
  { selector: "MemberExpression[object.name='performance']", message: clock },
  { selector: "MemberExpression[object.name='process'][property.name=/^(hrtime|uptime)$/]", message: clock },
  { selector: `CallExpression[callee.name=${timers}]`, message: clock },
  { selector: `MemberExpression[object.name='globalThis'][property.name=${timers}]`, message: clock },
  { selector: "MemberExpression[object.name='AbortSignal'][property.name='timeout']", message: clock },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: random },
  { selector: "MemberExpression[object.name='crypto']", message: random },
];

const unfinishedTests = [
  {
    selector:
      'CallExpression[callee.object.name=/^(it|test|describe)$/][callee.property.name=/^(skip|only|todo|fails|skipIf|runIf)$/]',
    message: 'Every test runs. A missing tool fails the suite with the install command.',
  },
];

/** `no-restricted-syntax` entries for one kind of file. */
export function restrictedSyntax({ isTest = false, mayReadEnvironment = false, mayExit = false, isTimed = true }) {
  return [
    ...everywhere,
    ...(mayReadEnvironment ? [] : environment),
    ...(mayExit ? [] : exit),
    ...(isTimed ? [] : timeAndChance),
    ...(isTest ? unfinishedTests : []),
  ];
}

const serviceLocators = [
  { name: '@nestjs/common', importNames: ['forwardRef', 'Scope'], message: 'No cycles and no request scope.' },
  {
    name: '@nestjs/core',
    importNames: ['ModuleRef', 'LazyModuleLoader'],
    message: 'No service locator: inject a token.',
  },
];

const environmentImports = [
  { name: 'node:process', importNames: ['env'], message: 'Only libs/platform reads the environment.' },
];

const randomImports = [
  { name: 'node:crypto', importNames: ['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync'], message: random },
  { name: 'node:perf_hooks', message: clock },
];

const timerImports = { group: ['node:timers', 'node:timers/*', 'timers', 'timers/*'], message: clock };

const deepImports = {
  regex: '^@rackwright/[^/]+/',
  message: 'Import the package by its name; nothing behind its index is public.',
};

const worldImports = {
  regex:
    '^(node:)?(net|dgram|fs|fs/promises|tls|http|https|http2|dns|dns/promises|child_process|cluster|worker_threads|os|process)$',
  message: 'The core is pure: sockets, files and processes live in adapters.',
};

const technology = (name, home) => ({ regex: `^${name}(/|$)`, message: `Only ${home} speaks to it; use the port.` });

/** `no-restricted-imports` options for one kind of file. */
export function restrictedImports({ isTimed = true, isWorldly = true, isPlain = false, closed = [] }) {
  return {
    paths: [...serviceLocators, ...environmentImports, ...(isTimed ? [] : randomImports)],
    patterns: [
      deepImports,
      ...(isTimed ? [] : [timerImports]),
      ...(isWorldly ? [] : [worldImports]),
      ...(isPlain ? [{ regex: '^node:', message: 'The kernel depends on nothing, not even on Node.' }] : []),
      ...closed.map(([name, home]) => technology(name, home)),
    ],
  };
}
