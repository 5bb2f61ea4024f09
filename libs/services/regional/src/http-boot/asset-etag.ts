import { createHash } from 'node:crypto';
import type { Asset } from './asset-directory.js';

const DIGEST_DIGITS = 16;

/** A strong entity tag: other octets, another tag; a binary patched for one machine has one of its own. */
export function etagOfAsset({ fingerprint, overlays }: Pick<Asset, 'fingerprint' | 'overlays'>): string {
  if (overlays.length === 0) return `"${fingerprint}"`;
  const hash = createHash('sha256');
  for (const { offset, octets } of overlays) hash.update(`${offset}:${octets.length}:`).update(octets);
  return `"${fingerprint}-${hash.digest('hex').slice(0, DIGEST_DIGITS)}"`;
}
