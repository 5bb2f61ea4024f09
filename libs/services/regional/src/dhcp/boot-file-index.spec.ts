import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '@rackwright/kernel';
import { ManualClock, waitFor } from '@rackwright/testing';
import { Metrics } from '@rackwright/platform';
import { AssetDirectory } from '../http-boot/asset-directory.js';
import { AssetManifest } from '../http-boot/asset-manifest.js';
import { BootFileIndex } from './boot-file-index.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rw-files-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function indexOf(clock: ManualClock): BootFileIndex {
  return new BootFileIndex({ assets: new AssetDirectory(directory), clock, logger: silentLogger });
}

it('knows the files of the asset directory and notices changes after a while', async () => {
  await writeFile(join(directory, 'ipxe.efi'), 'binary');
  const clock = new ManualClock();
  using index = indexOf(clock);
  await index.start();
  expect([index.has('ipxe.efi'), index.has('snponly.efi')]).toEqual([true, false]);
  await writeFile(join(directory, 'snponly.efi'), 'binary');
  await rm(join(directory, 'ipxe.efi'));
  clock.advance(5_000);
  await waitFor(() => index.has('snponly.efi') && !index.has('ipxe.efi'), { what: 'the change' });
});

it('finds a file below the MAC of a machine, as TFTP and HTTP do', async () => {
  await mkdir(join(directory, 'sub'));
  await writeFile(join(directory, 'ipxe.efi'), 'binary');
  await symlink('../ipxe.efi', join(directory, 'sub', 'link.efi'));
  using index = indexOf(new ManualClock());
  await index.start();
  expect(index.has('02-00-00-00-00-01/ipxe.efi')).toBe(true);
  expect(index.has('02-00-00-00-00-01/absent.efi')).toBe(false);
  expect(index.has('sub/link.efi')).toBe(true);
});

it('does not have a file that is not what the manifest says', async () => {
  const content = 'binary';
  const sha256 = createHash('sha256').update(content).digest('hex');
  const entry = { name: 'ipxe.efi', size: content.length, sha256 };
  await writeFile(join(directory, 'manifest.json'), JSON.stringify({ version: 1, files: [entry] }));
  await writeFile(join(directory, 'ipxe.efi'), 'broken');
  const clock = new ManualClock();
  const metrics = new Metrics({ processMetrics: false });
  using manifest = new AssetManifest({ root: directory, clock, metrics, logger: silentLogger });
  const assets = new AssetDirectory(directory, { manifest });
  using index = new BootFileIndex({ assets, clock, logger: silentLogger });
  await index.start();
  await manifest.start();
  expect(manifest.stateOf('ipxe.efi')).toBe('mismatch');
  expect(index.has('02-00-00-00-00-01/ipxe.efi')).toBe(false);
  await writeFile(join(directory, 'ipxe.efi'), content);
  await manifest.checkAll();
  expect(index.has('02-00-00-00-00-01/ipxe.efi')).toBe(true);
});

it('has nothing where there is no directory, and takes every name for there before it looked', async () => {
  await rm(directory, { recursive: true });
  using index = indexOf(new ManualClock());
  expect(index.has('ipxe.efi')).toBe(true);
  await index.start();
  expect(index.has('ipxe.efi')).toBe(false);
});

it('leaves files of other folders out, and counts names made for a machine', async () => {
  await mkdir(join(directory, 'static'));
  await writeFile(join(directory, 'static', 'vmlinuz'), 'kernel');
  const parts = { assets: new AssetDirectory(directory), clock: new ManualClock(), logger: silentLogger };
  using index = new BootFileIndex({ ...parts, isRendered: (name) => name.startsWith('pxelinux.cfg/01-') });
  await index.start();
  expect(index.has('static/vmlinuz')).toBe(false);
  expect(index.has('pxelinux.cfg/01-02-00-00-00-00-01')).toBe(true);
});
