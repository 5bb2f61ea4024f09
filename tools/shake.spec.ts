import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = join(dirname(fileURLToPath(import.meta.url)), 'shake.mjs');

/** Waits until another Node process of the group stands still: the state of its first thread is T. */
const UNTIL_HALTED = `
  node -e 'setInterval(() => undefined, 1000)' & other=$!
  until grep -q ') T ' /proc/$other/stat; do sleep 0.05; done
  kill -KILL $other`;

describe('shake', { timeout: 120_000 }, () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rw-shake-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function shake(...args: readonly string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  it('counts the runs that failed and keeps what they said', () => {
    const failing = [process.execPath, '-e', 'console.log("said"); process.exit(3)'];
    const { status, output } = shake('--runs', '2', '--', ...failing);
    expect(status).toBe(1);
    expect(output).toContain('2 of 2 runs failed\n');
    const [, log = ''] = /run 1 of 2: failed \(3\), see (\S+)/.exec(output) ?? [];
    expect(readFileSync(log, 'utf8')).toBe('said\n');
  });

  it('halts the Node processes of the command, and is content when all runs pass', () => {
    const { status, output } = shake('--runs', '1', '--', 'bash', '-c', UNTIL_HALTED);
    expect(output).toMatch(/^run 1 of 1: passed .*\n0 of 1 runs failed\n$/);
    expect(status).toBe(0);
    expect(readdirSync(join(folder, '.rackwright/shake'))).toHaveLength(1);
  });

  it.each([[[]], [['true']], [['--runs', '0', '--', 'true']], [['--times', '3', '--', 'true']]])(
    'tells how it is called when called with %j',
    (args) => {
      const { status, output } = shake(...args);
      expect([status, output]).toEqual([2, 'usage: node tools/shake.mjs [--runs N] -- COMMAND [ARGUMENT]...\n']);
    },
  );
});
