/**
 * Copies boot binaries from Debian's packages into an asset directory and writes down in its manifest.json what they are:
 *   node tools/boot-assets.mjs DIRECTORY [--installer]
 * --installer adds the kernel and initial RAM disk of the Debian 12 installer. Entries of other files stay; for those,
 *   node tools/boot-assets.mjs DIRECTORY --add NAME…
 * lists files that are in the directory already, as they are now.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const INSTALLER = '/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64';
const loaders = ['undionly.kpxe', 'ipxe.efi', 'snponly.efi'].map((name) => ({
  name,
  package: 'ipxe',
  path: `/usr/lib/ipxe/${name}`,
}));
const installer = ['linux', 'initrd.gz'].map((name) => ({
  name: `static/debian/12/amd64/${name}`,
  package: 'debian-installer-12-netboot-amd64',
  path: `${INSTALLER}/${name}`,
}));

function versionOf(name) {
  return execFileSync('dpkg-query', ['--show', '--showformat=${Version}', name], { encoding: 'utf8' });
}

/** Piece by piece: installation images are larger than a buffer may be. */
function describe(directory, name, source) {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1_048_576);
  const file = openSync(join(directory, name), 'r');
  let size = 0;
  try {
    for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
      hash.update(piece.subarray(0, length));
      size += length;
    }
  } finally {
    closeSync(file);
  }
  return { name, sha256: hash.digest('hex'), size, ...(source === undefined ? {} : { source }) };
}

/** The name as the manifest has it: below the directory, and without detours. */
function listedName(name) {
  const plain = posix.normalize(name);
  if (plain.startsWith('/') || plain === '..' || plain.startsWith('../')) {
    throw new Error(`${name} is not a name below the directory`);
  }
  return plain;
}

/** A file is replaced as a whole, so that whoever reads it meanwhile sees the old or the new one. */
function replace(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, content);
  renameSync(`${path}.tmp`, path);
}

function copy(directory, { name, package: from, path }) {
  const bytes = readFileSync(path);
  const target = join(directory, name);
  if (!existsSync(target) || !readFileSync(target).equals(bytes)) replace(target, bytes);
  return describe(directory, name, { package: from, version: versionOf(from) });
}

const [directory, ...args] = process.argv.slice(2);
const isAdding = args[0] === '--add';
if (directory === undefined || (!isAdding && args.some((arg) => arg !== '--installer'))) {
  throw new Error('usage: boot-assets.mjs DIRECTORY [--installer | --add NAME…]');
}
const sources = args.includes('--installer') ? [...loaders, ...installer] : loaders;
const entries = isAdding
  ? args.slice(1).map((name) => describe(directory, listedName(name)))
  : sources.map((source) => copy(directory, source));
const manifest = join(directory, 'manifest.json');
const known = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).files : [];
const others = known.filter(({ name }) => entries.every((entry) => entry.name !== name));
const files = [...others, ...entries].sort((left, right) => (left.name < right.name ? -1 : 1));
const text = `${JSON.stringify({ version: 1, files }, undefined, 2)}\n`;
if (!existsSync(manifest) || readFileSync(manifest, 'utf8') !== text) replace(manifest, text);
