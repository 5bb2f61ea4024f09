import type { StatusRow } from '../boot-plane.port.js';
import type { HttpBoot } from './create-http-boot.js';

/** Folders of the asset directory that are no boot binaries. */
const FOLDERS = ['static', 'repos', 'iso'];

/** The files below one folder, with what the manifest says about them. */
export async function listAssets(
  { assets, manifest }: Pick<HttpBoot, 'assets' | 'manifest'>,
  kind: 'tftp' | 'static' | 'repos',
): Promise<readonly StatusRow[]> {
  const isRoot = kind === 'tftp';
  const names = isRoot ? await assets.list({ without: FOLDERS }) : await assets.below(kind).list();
  return names.map((name) => {
    const listed = manifest.entryOf(isRoot ? name : `${kind}/${name}`);
    if (listed === undefined) return { name };
    const { sha256, size, source } = listed;
    const state = manifest.stateOf(listed.name);
    return { name, sha256, size, state, ...(source === undefined ? {} : { source }) };
  });
}
