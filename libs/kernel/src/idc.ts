import type { Brand } from './brand.js';

/** A data centre site: `[a-z0-9-]{1,32}`, and not one of the words that name shared branches of the etcd tree. */
export type Idc = Brand<string, 'Idc'>;

export const IDC_PATTERN = /^[a-z0-9-]{1,32}$/;

/** `/os/{idc}/…` shares its parent with these branches; an IDC of that name would write into them. */
export const RESERVED_IDC_NAMES: readonly string[] = ['region', 'global', 'outbox', 'unmatched_reports'];

/** Parses an IDC name; `undefined` when it breaks the pattern or is reserved. */
export function parseIdc(text: string): Idc | undefined {
  return IDC_PATTERN.test(text) && !RESERVED_IDC_NAMES.includes(text) ? (text as Idc) : undefined;
}
