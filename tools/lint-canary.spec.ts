import { ESLint, type Linter } from 'eslint';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

/** Building the type information of the whole workspace is slow on two shared cores. */
const typedLintMs = 600_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const offline = { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_ISOLATE_PLUGINS: 'false' };
const boundary = '@nx/enforce-module-boundaries';

/** One line of source that breaks a rule when it stands in the named file, which exists. */
interface Violation {
  readonly what: string;
  readonly file: string;
  readonly source: string;
  readonly rule: string;
  /** The message of the rule that proves the intended constraint fired, where the rule has several. */
  readonly reason?: string;
}

const kernel = 'libs/kernel/src/index.ts';
const domain = 'libs/domain/provisioning/src/index.ts';
const protocol = 'libs/protocol/tftp/src/index.ts';
const contract = 'libs/contracts/src/index.ts';
const etcdStore = 'libs/adapters/etcd-store/src/index.ts';
const memoryStore = 'libs/adapters/memory-store/src/index.ts';
const platform = 'libs/platform/src/index.ts';
const controlPlane = 'libs/services/control-plane/src/index.ts';
const regional = 'libs/services/regional/src/index.ts';

const banned = 'bannedExternalImportsViolation';
const layer = 'onlyTagsConstraintViolation';
const scope = 'notTagsConstraintViolation';
const cycle = 'noCircularDependencies';
const undeclared = 'noTransitiveDependencies';
const path = 'noRelativeOrAbsoluteImportsAcrossLibraries';

const crossings: Violation[] = [
  { what: 'kernel on pino', file: kernel, source: "import 'pino';", rule: boundary, reason: banned },
  {
    what: 'kernel on a domain',
    file: kernel,
    source: "import '@rackwright/domain-provisioning';",
    rule: boundary,
    reason: cycle,
  },
  { what: 'domain on Nest', file: domain, source: "import '@nestjs/common';", rule: boundary, reason: banned },
  {
    what: 'domain on another domain',
    file: domain,
    source: "import '@rackwright/domain-netboot';",
    rule: boundary,
    reason: layer,
  },
  {
    what: 'domain on contracts',
    file: domain,
    source: "import '@rackwright/contracts';",
    rule: boundary,
    reason: cycle,
  },
  { what: 'protocol on etcd3', file: protocol, source: "import 'etcd3';", rule: boundary, reason: banned },
  {
    what: 'protocol on an adapter',
    file: protocol,
    source: "import '@rackwright/adapter-liquid-templates';",
    rule: boundary,
    reason: layer,
  },
  {
    what: 'contracts on a service',
    file: contract,
    source: "import '@rackwright/service-regional';",
    rule: boundary,
    reason: cycle,
  },
  { what: 'adapter on Nest', file: memoryStore, source: "import '@nestjs/common';", rule: boundary, reason: banned },
  {
    what: 'adapter on platform',
    file: 'libs/adapters/udp-socket/src/node-datagram-sockets.ts',
    source: "import '@rackwright/platform';",
    rule: boundary,
    reason: layer,
  },
  {
    what: 'platform on a domain',
    file: platform,
    source: "import '@rackwright/domain-netboot';",
    rule: boundary,
    reason: layer,
  },
  {
    what: 'service on an adapter',
    file: regional,
    source: "import '@rackwright/adapter-etcd-store';",
    rule: boundary,
    reason: layer,
  },
  { what: 'service on etcd3', file: regional, source: "import 'etcd3';", rule: boundary, reason: banned },
  {
    what: 'service on the NATS client',
    file: regional,
    source: "import '@nats-io/jetstream';",
    rule: boundary,
    reason: banned,
  },
  {
    what: 'service on test code',
    file: regional,
    source: "import '@rackwright/testing';",
    rule: boundary,
    reason: layer,
  },
  {
    what: 'control plane on regional',
    file: controlPlane,
    source: "import '@rackwright/service-regional';",
    rule: boundary,
    reason: scope,
  },
  {
    what: 'library on an app',
    file: regional,
    source: "import '@rackwright/app-regional';",
    rule: boundary,
    reason: undeclared,
  },
  {
    what: 'an undeclared package',
    file: memoryStore,
    source: "import 'liquidjs';",
    rule: boundary,
    reason: undeclared,
  },
  {
    what: 'a path into another package',
    file: domain,
    source: "import '../../../kernel/src/mac.js';",
    rule: boundary,
    reason: path,
  },
];

const imports = 'no-restricted-imports';
const closedDoors: Violation[] = [
  { what: 'kernel on Node', file: kernel, source: "import 'node:util';", rule: imports },
  { what: 'domain on the file system', file: domain, source: "import 'node:fs';", rule: imports },
  { what: 'protocol on sockets', file: protocol, source: "import 'node:dgram';", rule: imports },
  { what: 'protocol on connections', file: protocol, source: "import 'node:net';", rule: imports },
  { what: 'etcd3 outside its adapter', file: memoryStore, source: "import 'etcd3';", rule: imports },
  { what: 'NATS outside its adapter', file: platform, source: "import '@nats-io/transport-node';", rule: imports },
  { what: 'a deep import', file: regional, source: "import '@rackwright/kernel/src/mac.js';", rule: imports },
  { what: 'timers in a service', file: regional, source: "import 'node:timers/promises';", rule: imports },
  {
    what: 'chance in a service',
    file: regional,
    source: "import { randomUUID } from 'node:crypto'; export const id = randomUUID();",
    rule: imports,
  },
  {
    what: 'forwardRef',
    file: regional,
    source: "import { forwardRef } from '@nestjs/common'; export const cycle = forwardRef;",
    rule: imports,
  },
];

const syntax = 'no-restricted-syntax';
const forbiddenSyntax: Violation[] = [
  { what: 'Date.now in the kernel', file: kernel, source: 'export const now = Date.now();', rule: syntax },
  { what: 'Date.now in a domain', file: domain, source: 'export const now = Date.now();', rule: syntax },
  { what: 'new Date() in a protocol', file: protocol, source: 'export const now = new Date();', rule: syntax },
  { what: 'setTimeout in a service', file: regional, source: 'setTimeout(() => undefined, 5);', rule: syntax },
  { what: 'setInterval in a domain', file: domain, source: 'setInterval(() => undefined, 5);', rule: syntax },
  { what: 'Math.random in a service', file: controlPlane, source: 'export const n = Math.random();', rule: syntax },
  {
    what: 'process.env in a service',
    file: regional,
    source: "export const home = process.env['HOME'];",
    rule: syntax,
  },
  { what: 'process.env in an adapter', file: etcdStore, source: 'export const home = process.env.HOME;', rule: syntax },
  { what: 'export *', file: domain, source: "export * from './index.js';", rule: syntax },
  { what: 'a default export', file: domain, source: 'export default 1;', rule: syntax },
  { what: 'an enum', file: domain, source: 'export enum Power { On }', rule: syntax },
  { what: 'a relative import without .js', file: kernel, source: "import './mac';", rule: syntax },
  {
    what: 'the watcher of etcd3',
    file: etcdStore,
    source: 'export const follow = (client: { watch(): void }): void => { client.watch(); };',
    rule: syntax,
  },
  {
    what: 'process.exit in a service',
    file: regional,
    source: 'export const stop = (): void => { process.exit(1); };',
    rule: syntax,
  },
];

const manyParameters =
  'export function f(a: number, b: number, c: number, d: number): number { return a + b + c + d; }';
const deepNesting =
  'export function f(a: boolean): number { if (a) { if (!a) { for (;;) { while (a) { return 1; } } } } return 0; }';
const manyBranches = `export function f(n: number): number { ${'if (n > 1) n += 1;\n'.repeat(10)} return n; }`;

const sizes: Violation[] = [
  { what: 'four parameters', file: domain, source: manyParameters, rule: '@typescript-eslint/max-params' },
  { what: 'four levels', file: domain, source: deepNesting, rule: 'max-depth' },
  { what: 'eleven paths', file: domain, source: manyBranches, rule: 'complexity' },
  {
    what: 'a function of 61 lines',
    file: domain,
    source: `export function f(): void {\n${'void 0;\n'.repeat(60)}}`,
    rule: 'max-lines-per-function',
  },
  { what: 'a file of 401 lines', file: domain, source: 'void 0;\n'.repeat(401), rule: 'max-lines' },
  {
    what: 'a name with I',
    file: domain,
    source: 'export interface ILease { x: 1 }',
    rule: '@typescript-eslint/naming-convention',
  },
  {
    what: 'a floating promise',
    file: domain,
    source: 'Promise.resolve(1);',
    rule: '@typescript-eslint/no-floating-promises',
  },
  { what: 'any', file: domain, source: 'export const value: any = 1;', rule: '@typescript-eslint/no-explicit-any' },
];

const allowed: Violation[] = [
  { what: 'a given instant', file: domain, source: 'export const at = new Date(0);', rule: syntax },
  { what: 'domain on kernel', file: domain, source: "import '@rackwright/kernel';", rule: boundary },
  { what: 'service on platform', file: regional, source: "import '@rackwright/platform';", rule: boundary },
  { what: 'etcd3 in its adapter', file: etcdStore, source: "import 'etcd3';", rule: imports },
  { what: 'Vitest in a kernel test', file: 'libs/kernel/src/mac.spec.ts', source: "import 'vitest';", rule: boundary },
];

function makeProjectGraph(): void {
  const made = spawnSync(process.execPath, [join(root, 'node_modules/nx/dist/bin/nx.js'), 'show', 'projects'], {
    cwd: root,
    env: { ...process.env, ...offline },
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`the project graph cannot be made: ${made.stdout}${made.stderr}`);
}

describe('the lint rules are alive', { timeout: typedLintMs }, () => {
  // In CI typescript-eslint takes each file for linted once, as it is on disk, and would not see the canary's lines.
  const seesChanges = { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } };
  const eslint = new ESLint({ cwd: root, overrideConfig: [seesChanges] });

  async function lint({ file, source }: Violation): Promise<Linter.LintMessage[]> {
    const [result] = await eslint.lintText(`${source}\n`, { filePath: join(root, file) });
    return result?.messages ?? [];
  }

  beforeAll(makeProjectGraph, typedLintMs);

  it.each([...crossings, ...closedDoors, ...forbiddenSyntax, ...sizes])('reports $what', async (violation) => {
    const reported = (await lint(violation)).filter((message) => message.ruleId === violation.rule);
    expect(reported).not.toEqual([]);
    if (violation.reason !== undefined) {
      expect(reported.map((message) => message.messageId)).toContain(violation.reason);
    }
  });

  it.each(allowed)('permits $what', async (sample) => {
    const messages = await lint(sample);
    expect(messages.filter((message) => message.ruleId === sample.rule || message.fatal === true)).toEqual([]);
  });

  it('does not let a comment switch a rule off', async () => {
    const messages = await lint({
      what: 'a silenced rule',
      file: domain,
      source: '// eslint-disable-next-line no-restricted-syntax\nexport const now = Date.now();',
      rule: syntax,
    });
    expect(messages.map((message) => message.ruleId)).toContain(syntax);
  });
});

describe('tools/lint.mjs', { timeout: typedLintMs }, () => {
  it('fails when the boundary rule skips itself for want of a project graph', () => {
    const emptyGraph = mkdtempSync(join(tmpdir(), 'rw-graph-'));
    try {
      const result = spawnSync(process.execPath, [join(root, 'tools/lint.mjs'), kernel], {
        cwd: root,
        env: { ...process.env, ...offline, RW_LINT_GRAPH: 'as-is', NX_WORKSPACE_DATA_DIRECTORY: emptyGraph },
        encoding: 'utf8',
      });
      expect(result.stderr).toContain('the boundaries were not checked');
      expect(result.status).toBe(1);
    } finally {
      rmSync(emptyGraph, { recursive: true, force: true });
    }
  });
});
