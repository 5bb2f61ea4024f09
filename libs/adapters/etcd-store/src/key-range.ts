/** A half-open range of keys as etcd takes it. */
export interface KeyRange {
  readonly key: Buffer;
  readonly range_end: Buffer;
}

const LOWEST_KEY = Buffer.from([0]);
/** As a range end: every key from the start on. */
const NO_END = Buffer.from([0]);

/** Every key that begins with `prefix`; with `after`, only those greater than it. */
export function prefixRange(prefix: string, after?: string): KeyRange {
  const start = Buffer.from(prefix);
  const key = after === undefined ? start : later(start, successor(after));
  return { key: key.length === 0 ? LOWEST_KEY : key, range_end: endOfPrefix(start) };
}

/** The smallest key greater than `key`. */
function successor(key: string): Buffer {
  return Buffer.concat([Buffer.from(key), LOWEST_KEY]);
}

function later(left: Buffer, right: Buffer): Buffer {
  return Buffer.compare(left, right) >= 0 ? left : right;
}

function endOfPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let index = end.length - 1; index >= 0; index -= 1) {
    const octet = end[index] ?? 0xff;
    if (octet < 0xff) {
      end[index] = octet + 1;
      return end.subarray(0, index + 1);
    }
  }
  return NO_END;
}
