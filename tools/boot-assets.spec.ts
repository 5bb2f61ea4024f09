import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const script = fileURLToPath(new URL('boot-assets.mjs', import.meta.url));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rw-assets-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function run(...args: readonly string[]): number | null {
  return spawnSync(process.execPath, [script, directory, ...args], { encoding: 'utf8' }).status;
}

interface Entry {
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
  readonly source?: { readonly package: string; readonly version: string };
}

function files(): readonly Entry[] {
  const text = readFileSync(join(directory, 'manifest.json'), 'utf8');
  return (JSON.parse(text) as { readonly files: readonly Entry[] }).files;
}

const digestOf = (name: string): string =>
  createHash('sha256')
    .update(readFileSync(join(directory, name)))
    .digest('hex');

it('fills an asset directory and says in its manifest what is in it and where it is from', () => {
  expect(run()).toBe(0);
  expect(files().map(({ name }) => name)).toEqual(['ipxe.efi', 'snponly.efi', 'undionly.kpxe']);
  for (const { name, sha256, size, source } of files()) {
    expect([name, sha256, size]).toEqual([name, digestOf(name), statSync(join(directory, name)).size]);
    expect(source).toMatchObject({ package: 'ipxe', version: expect.stringMatching(/^1\.0/) as string });
  }
});

it('keeps what others listed, takes on what is there, and changes nothing when nothing changed', () => {
  writeFileSync(join(directory, 'own.efi'), 'own');
  expect(run('--add', 'own.efi')).toBe(0);
  expect(run()).toBe(0);
  expect(files().map(({ name }) => name)).toEqual(['ipxe.efi', 'own.efi', 'snponly.efi', 'undionly.kpxe']);
  expect(files()[1]).toEqual({ name: 'own.efi', sha256: digestOf('own.efi'), size: 3 });
  const times = () => ['manifest.json', 'ipxe.efi'].map((name) => statSync(join(directory, name)).mtimeMs);
  const before = times();
  expect(run()).toBe(0);
  expect(times()).toEqual(before);
});

it('lists files by the names the region knows them by, read piece by piece', () => {
  mkdirSync(join(directory, 'static'));
  writeFileSync(join(directory, 'static/image'), '');
  truncateSync(join(directory, 'static/image'), 3 * 1_048_576 + 1);
  expect(run('--add', './static//image')).toBe(0);
  expect(files()).toMatchObject([{ name: 'static/image', size: 3 * 1_048_576 + 1 }]);
});

it('refuses what it does not know', () => {
  expect(run('--other')).not.toBe(0);
  expect(run('--add', 'missing')).not.toBe(0);
  writeFileSync(`${directory}.outside`, '');
  expect(run('--add', `../${basename(directory)}.outside`)).not.toBe(0);
  rmSync(`${directory}.outside`);
});
