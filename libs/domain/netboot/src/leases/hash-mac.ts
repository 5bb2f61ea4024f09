import type { Mac } from '@rackwright/kernel';

/** FNV-1a, 32 bits, over the hexadecimal digits: spreads MACs that differ in their last octet only. */
export function hashMac(mac: Mac): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < mac.length; index += 1) {
    hash = Math.imul(hash ^ mac.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
