import { fail, ok, type Result } from '@rackwright/kernel';
import { ipxeWords, type IpxeFault } from './ipxe-word.js';

const PARAMETER_NAME = /^[A-Za-z0-9][A-Za-z0-9._/:+-]*$/;

/**
 * One Linux kernel parameter for an iPXE `kernel` line. A value with spaces is put in double quotes, which the kernel
 * strips; a double quote itself cannot be expressed there and is refused, as is everything `ipxeWords` refuses.
 */
export function kernelArg(name: string, value?: string): Result<string, IpxeFault> {
  if (!PARAMETER_NAME.test(name)) return fail({ code: 'name-invalid', text: name });
  if (value === undefined) return ok(name);
  if (value.includes('"')) return fail({ code: 'quote-not-representable', text: value });
  return ipxeWords(value.includes(' ') ? `${name}="${value}"` : `${name}=${value}`);
}
