import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const IPXE_DIR = '/usr/lib/ipxe';
const INSTALLER_DIR = '/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64';
const INSTALL_HINT = 'apt-get install ipxe debian-installer-12-netboot-amd64';

/** Path in the asset directory, and where Debian's packages have it. */
const SOURCES = {
  'undionly.kpxe': join(IPXE_DIR, 'undionly.kpxe'),
  'ipxe.efi': join(IPXE_DIR, 'ipxe.efi'),
  'snponly.efi': join(IPXE_DIR, 'snponly.efi'),
  'static/debian/12/amd64/linux': join(INSTALLER_DIR, 'linux'),
  'static/debian/12/amd64/initrd.gz': join(INSTALLER_DIR, 'initrd.gz'),
};

/** Fills an asset directory with what real machines boot: iPXE for x86 and the installer of Debian 12. */
export async function prepareBootAssets(dir: string): Promise<string> {
  for (const [target, source] of Object.entries(SOURCES)) {
    const path = join(dir, target);
    await mkdir(dirname(path), { recursive: true });
    // Copied, not linked: the region serves nothing that a link leads out of its directory.
    await copyFile(source, path, constants.COPYFILE_FICLONE).catch((cause: unknown) => {
      throw new Error(`${source} cannot be copied: run \`${INSTALL_HINT}\``, { cause });
    });
  }
  return dir;
}
