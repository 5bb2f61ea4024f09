import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Each case starts a program, which takes seconds on two busy cores. */
const processMs = 300_000;

describe('the checks of the workspace', { timeout: processMs }, () => {
  let tree: string;

  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'rw-checks-'));
  });

  afterEach(() => {
    rmSync(tree, { recursive: true, force: true });
  });

  function write(files: Readonly<Record<string, string | object>>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), typeof content === 'string' ? content : JSON.stringify(content));
    }
  }

  function run(script: string, ...args: readonly string[]): { status: number | null; output: string } {
    const result = spawnSync(process.execPath, [join(root, script), ...args], { cwd: tree, encoding: 'utf8' });
    return { status: result.status, output: result.stdout + result.stderr };
  }

  describe('check-files', () => {
    it('accepts plain kebab-case names', () => {
      write({ 'libs/kernel/src/lease-table.ts': '', 'libs/kernel/src/lease-table.int.spec.ts': '' });
      expect(run('tools/check-files.mjs')).toMatchObject({ status: 0 });
    });

    it.each([
      ['libs/kernel/src/utils.ts', 'the name "utils" says nothing'],
      ['apps/regional/src/helpers/time.ts', 'the name "helpers" says nothing'],
      ['libs/kernel/src/leaseTable.ts', '"leaseTable" is not kebab-case'],
      ['libs/kernel/src/lease.service.ts', 'the suffix ".service" is needed by no tool'],
    ])('refuses %s', (path, problem) => {
      write({ [path]: '' });
      const { status, output } = run('tools/check-files.mjs');
      expect(output).toContain(`${path}: ${problem}`);
      expect(status).toBe(1);
    });

    it('asks a note for its issue', () => {
      const note = ['TO', 'DO'].join('');
      write({
        'libs/kernel/src/known.ts': `// ${note}(#12): later\n`,
        'libs/kernel/src/vague.ts': `// ${note}: later\n`,
      });
      const { output } = run('tools/check-files.mjs');
      expect(output).toContain('vague.ts: line 1');
      expect(output).not.toContain('known.ts');
    });
  });

  describe('check-references', () => {
    const workspace = {
      'package.json': { workspaces: ['libs/*'] },
      'tsconfig.json': { references: [{ path: './libs/a' }, { path: './libs/b' }] },
      'libs/a/package.json': { name: '@rw/a' },
      'libs/a/tsconfig.json': { references: [] },
      'libs/b/package.json': { name: '@rw/b', dependencies: { '@rw/a': '*', ws: '1' } },
    };

    it('accepts references that follow the dependencies', () => {
      write({ ...workspace, 'libs/b/tsconfig.json': { references: [{ path: '../a' }] } });
      expect(run('tools/check-references.mjs')).toMatchObject({ status: 0 });
    });

    it('names a missing and a stale reference, and repairs them', () => {
      write({ ...workspace, 'libs/b/tsconfig.json': { references: [{ path: '../c' }] } });
      const { status, output } = run('tools/check-references.mjs');
      expect(output).toContain('libs/b/tsconfig.json: missing reference to ../a');
      expect(output).toContain('libs/b/tsconfig.json: reference to ../c, which package.json does not depend on');
      expect(status).toBe(1);

      expect(run('tools/check-references.mjs', '--fix')).toMatchObject({ status: 0 });
      const repaired: unknown = JSON.parse(readFileSync(join(tree, 'libs/b/tsconfig.json'), 'utf8'));
      expect(repaired).toEqual({ references: [{ path: '../a' }] });
    });
  });

  describe('the boundaries per file', () => {
    const script = 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs';
    const cruise = (): { status: number | null; output: string } =>
      run(script, '--config', join(root, '.dependency-cruiser.mjs'), 'libs', 'apps');

    it.each([
      ['domain-depends-only-on-its-row', 'libs/domain/netboot/src/index.ts', 'libs/adapters/udp-socket/src/index.ts'],
      ['domain-depends-only-on-its-row', 'libs/domain/netboot/src/index.ts', 'libs/domain/rollout/src/index.ts'],
      [
        'service-depends-only-on-its-row',
        'libs/services/regional/src/index.ts',
        'libs/adapters/etcd-store/src/index.ts',
      ],
      ['scope-regional', 'libs/services/regional/src/index.ts', 'libs/services/prewarm/src/index.ts'],
      ['no-deep-imports', 'libs/services/regional/src/index.ts', 'libs/kernel/src/mac.ts'],
      ['no-deep-imports-from-programs', 'apps/regional/src/main.ts', 'libs/services/regional/src/dhcp/server.ts'],
      ['no-imports-of-apps', 'libs/testing/src/index.ts', 'apps/regional/src/main.ts'],
      ['no-shipped-code-on-test-code', 'libs/adapters/nats-bus/src/index.ts', 'libs/testing/src/index.ts'],
    ])('reports %s', (rule, from, to) => {
      const up = '../'.repeat(from.split('/').length - 1);
      write({
        'tsconfig.check.json': { compilerOptions: { module: 'nodenext' } },
        'package.json': { type: 'module' },
        'apps/regional/src/main.ts': '',
        'libs/kernel/src/index.ts': '',
        [to]: 'export const value = 1;\n',
        [from]: `import '${up}${to.replace(/ts$/, 'js')}';\n`,
      });
      const { status, output } = cruise();
      expect(output).toContain(`error ${rule}: ${from} → ${to}`);
      expect(status).not.toBe(0);
    });

    it('reports a cycle', () => {
      write({
        'tsconfig.check.json': { compilerOptions: { module: 'nodenext' } },
        'package.json': { type: 'module' },
        'apps/regional/src/main.ts': '',
        'libs/kernel/src/index.ts': "import './mac.js';\n",
        'libs/kernel/src/mac.ts': "import './index.js';\n",
      });
      expect(cruise().output).toContain('error no-cycles');
    });
  });
});
