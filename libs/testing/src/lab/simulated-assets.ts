import { createHash } from 'node:crypto';
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { builtinProfiles } from '@rackwright/domain-provisioning';

const SIMULATED_KERNEL_BYTES = 262_144;
const SIMULATED_INITRD_BYTES = 1_048_576;
const SIMULATED_LOADER_BYTES = 65_536;
/** Debian's package `ipxe`; where it has no binary for an architecture, a stand-in of the same name is made. */
const IPXE_DIR = '/usr/lib/ipxe';
const LOADERS = ['undionly.kpxe', 'ipxe.efi', 'snponly.efi', 'ipxe-arm64.efi', 'ipxe-i386.efi', 'ipxe-arm32.efi'];

/**
 * Fills an asset directory for simulated machines: iPXE where Debian has it, and for every built-in profile a kernel and
 * initial RAM disks of made-up content. Real machines could not boot those.
 */
export async function prepareSimulatedAssets(dir: string): Promise<string> {
  for (const loader of LOADERS) {
    const target = join(dir, loader);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(IPXE_DIR, loader), target).catch(() => ensureFile(target, SIMULATED_LOADER_BYTES));
  }
  for (const profile of builtinProfiles) {
    await ensureFile(join(dir, 'static', profile.kernel), SIMULATED_KERNEL_BYTES);
    for (const initrd of profile.initrds) await ensureFile(join(dir, 'static', initrd), SIMULATED_INITRD_BYTES);
  }
  return dir;
}

async function ensureFile(path: string, sizeBytes: number): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size === sizeBytes) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contentOf(path, sizeBytes));
}

/** Incompressible octets that depend on the name alone. */
function contentOf(name: string, sizeBytes: number): Uint8Array {
  const content = Buffer.alloc(sizeBytes);
  let block = createHash('sha256').update(name).digest();
  for (let at = 0; at < sizeBytes; at += block.length) {
    block.copy(content, at);
    block = createHash('sha256').update(block).digest();
  }
  return content;
}
