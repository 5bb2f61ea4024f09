import type { Brand } from './brand.js';

/** A machine serial number, the identity of a machine inside an IDC. */
export type Sn = Brand<string, 'Sn'>;

/** Starts alphanumeric, so no serial can be `.` or `..`; has no character that is special in a path, a shell or etcd. */
export const SN_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Parses a serial number; `undefined` when it breaks {@link SN_PATTERN}. */
export function parseSn(text: string): Sn | undefined {
  return SN_PATTERN.test(text) ? (text as Sn) : undefined;
}
