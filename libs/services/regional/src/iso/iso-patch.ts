import type { Task } from '@rackwright/domain-provisioning';
import { fail, formatMac, ok, type Mac, type Result } from '@rackwright/kernel';
import { kernelArg, type IpxeFault } from '@rackwright/protocol-ipxe-script';

/** Why a machine's arguments cannot be put into an image. */
export type IsoPatchFault =
  | IpxeFault
  | { readonly code: 'argument-not-plain'; readonly text: string }
  | { readonly code: 'patch-too-long'; readonly octets: number; readonly room: number };

export interface IsoMachine {
  readonly mac: Mac;
  readonly baseUrl: string;
  /** Its unfinished, approved attempt. */
  readonly task?: Task;
  /** For every machine. */
  readonly extraArgs: string;
}

const SPACE = 0x20;
/** The line is read by a boot loader: GRUB would take quotes, `;`, `$`, braces and others for its own. */
const PLAIN = /^[A-Za-z0-9._,:=@%+/~-]+$/;

/** The octets that take the place of `room` octets of magic: kernel arguments, and spaces after them. */
export function isoPatch(machine: IsoMachine, room: number): Result<Uint8Array, IsoPatchFault> {
  const args = argsOf(machine);
  if (!args.ok) return args;
  const refused = args.value.find((word) => !PLAIN.test(word));
  if (refused !== undefined) return fail({ code: 'argument-not-plain', text: refused });
  const text = Buffer.from(args.value.join(' '), 'latin1');
  if (text.length > room) return fail({ code: 'patch-too-long', octets: text.length, room });
  const patch = Buffer.alloc(room, SPACE);
  text.copy(patch);
  return ok(patch);
}

function argsOf({ mac, baseUrl, task, extraArgs }: IsoMachine): Result<readonly string[], IpxeFault> {
  const named = [kernelArg('rw.url', baseUrl), kernelArg('rw.mac', formatMac(mac))];
  if (task !== undefined) {
    named.push(
      kernelArg('rw.agent'),
      kernelArg('rw.task', task.task_id),
      kernelArg('rw.token', task.boot.token),
      kernelArg('rw.sn', task.sn),
    );
  }
  const values: string[] = wordsOf(extraArgs);
  for (const arg of named) {
    if (!arg.ok) return arg;
    values.push(arg.value);
  }
  return ok([...values, ...wordsOf(task?.kernel_args ?? '')]);
}

function wordsOf(text: string): string[] {
  return text.split(/ +/).filter((word) => word !== '');
}
