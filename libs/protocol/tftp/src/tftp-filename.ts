import { fail, ok, type Result } from '@rackwright/kernel';
import { ErrorCode, errorPacket, type ErrorPacket, type TftpRequest } from './tftp-packet.js';

const MAX_FILENAME_BYTES = 255;
const MAX_CONTROL_CODE = 0x1f;

export type FilenameFault =
  | { readonly code: 'filename-empty' }
  | { readonly code: 'filename-too-long' }
  | { readonly code: 'filename-has-control-characters' }
  | { readonly code: 'filename-leaves-root' };

/**
 * The path below the served root that a requested name means: back slashes (some ROMs send them) and leading slashes
 * are folded, `.` and empty parts dropped; `..` is refused rather than resolved. Symbolic links are the file system's.
 */
export function tftpPath(filename: string): Result<string, FilenameFault> {
  if (Buffer.byteLength(filename, 'utf8') > MAX_FILENAME_BYTES) return fail({ code: 'filename-too-long' });
  for (const character of filename) {
    const code = character.codePointAt(0) ?? 0;
    if (code <= MAX_CONTROL_CODE || code === 0x7f || code === 0xfffd) {
      return fail({ code: 'filename-has-control-characters' });
    }
  }
  const parts = filename
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return fail({ code: 'filename-leaves-root' });
  return parts.length === 0 ? fail({ code: 'filename-empty' }) : ok(parts.join('/'));
}

const READABLE_MODES: readonly string[] = ['octet', 'netascii'];

/** The ERROR for a request this read-only server refuses whatever the file; `undefined` when it may go on. */
export function refusalOf(request: TftpRequest): ErrorPacket | undefined {
  if (request.kind === 'wrq') return errorPacket(ErrorCode.accessViolation, 'this server is read-only');
  if (!READABLE_MODES.includes(request.mode)) return errorPacket(ErrorCode.illegalOperation, 'mode not supported');
  return undefined;
}
