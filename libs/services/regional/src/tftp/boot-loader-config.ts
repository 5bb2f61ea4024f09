import { fail, ok, parseMac, type Mac, type Result } from '@rackwright/kernel';
import { interpretIpxeScript, type IpxeReply, type IpxeRequest } from '@rackwright/protocol-ipxe-script';

/** What a machine boots: a kernel with its RAM disks, or its disk. */
export type LoaderPlan =
  | { readonly kind: 'kernel'; readonly kernel: string; readonly initrds: readonly string[]; readonly args: string }
  | { readonly kind: 'local-disk' };

/** A value that the loader's language cannot express. */
export interface LoaderFault {
  readonly code: 'value-not-representable';
  readonly text: string;
}

/** A script of ours has some dozen commands. */
const MAX_STEPS = 200;

/**
 * What a machine's iPXE script comes to, so that every loader boots the same with the same arguments. A script that
 * waits and asks again is a boot from disk for loaders, which cannot wait.
 */
export function planOfScript(script: string): LoaderPlan {
  const run = interpretIpxeScript(script, { maxSteps: MAX_STEPS });
  let step = run.next();
  while (step.done !== true) {
    if (step.value.kind === 'fetch' && step.value.purpose === 'chain') return { kind: 'local-disk' };
    step = run.next(replyTo(step.value));
  }
  const outcome = step.value;
  if (outcome.kind !== 'booted') return { kind: 'local-disk' };
  const { image, others } = outcome;
  return {
    kind: 'kernel',
    kernel: image.url,
    initrds: others.map(({ url }) => url),
    // iPXE names its RAM disks to the kernel; other loaders hand them over themselves.
    args: image.args
      .split(' ')
      .filter((word) => word !== '' && !word.startsWith('initrd='))
      .join(' '),
  };
}

function replyTo(request: IpxeRequest): IpxeReply {
  return request.kind === 'fetch' ? { ok: true, content: '' } : { ok: true };
}

/** The configuration a loader reads. */
export type LoaderKind = 'pxelinux' | 'grub';

const NAMES: readonly { readonly kind: LoaderKind; readonly name: RegExp }[] = [
  { kind: 'pxelinux', name: /(?:^|\/)pxelinux\.cfg\/01-([0-9a-f]{2}(?:-[0-9a-f]{2}){5})$/i },
  { kind: 'grub', name: /(?:^|\/)grub\.cfg-01-([0-9a-f]{2}(?:-[0-9a-f]{2}){5})$/i },
];

/** Which loader asks, and for which machine: hardware type 1 (Ethernet), then the MAC. */
export function loaderRequestOf(path: string): { readonly kind: LoaderKind; readonly mac: Mac } | undefined {
  for (const { kind, name } of NAMES) {
    const mac = parseMac(name.exec(path)?.[1] ?? '');
    if (mac !== undefined) return { kind, mac };
  }
  return undefined;
}

/** Writes the plan in the loader's language. What this server has is named by its path here. */
export function formatLoaderConfig(kind: LoaderKind, plan: LoaderPlan, baseUrl: string): Result<string, LoaderFault> {
  const local = (url: string): string => (url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length) : url);
  if (plan.kind === 'local-disk') return ok(kind === 'pxelinux' ? PXELINUX_LOCAL : GRUB_LOCAL);
  const served = { ...plan, kernel: local(plan.kernel), initrds: plan.initrds.map(local) };
  return kind === 'pxelinux' ? pxelinux(served) : grub(served);
}

type KernelPlan = Extract<LoaderPlan, { kind: 'kernel' }>;

const PXELINUX_LOCAL = 'DEFAULT local\nPROMPT 0\nLABEL local\n  LOCALBOOT 0\n';
const GRUB_LOCAL = 'exit 1\n';
const PRINTABLE = /^[ -~]*$/;

/** Values reach to the end of their line, so only line ends are to be feared; file names end at spaces and commas. */
function pxelinux({ kernel, initrds, args }: KernelPlan): Result<string, LoaderFault> {
  for (const text of [kernel, ...initrds])
    if (!PRINTABLE.test(text) || /[ ,]/.test(text)) return fail(notRepresentable(text));
  if (!PRINTABLE.test(args)) return fail(notRepresentable(args));
  const lines = [
    'DEFAULT rackwright',
    'PROMPT 0',
    'LABEL rackwright',
    `  KERNEL ${kernel}`,
    ...(initrds.length === 0 ? [] : [`  INITRD ${initrds.join(',')}`]),
    ...(args === '' ? [] : [`  APPEND ${args}`]),
  ];
  return ok(`${lines.join('\n')}\n`);
}

/** In single quotes nothing has a meaning but the quote itself. */
function grub({ kernel, initrds, args }: KernelPlan): Result<string, LoaderFault> {
  const words = [kernel, ...args.split(' ').filter((word) => word !== '')];
  for (const text of [...words, ...initrds])
    if (!PRINTABLE.test(text) || text.includes("'")) return fail(notRepresentable(text));
  const quoted = (texts: readonly string[]): string => texts.map((text) => `'${text}'`).join(' ');
  return ok(
    [`linux ${quoted(words)}`, ...(initrds.length === 0 ? [] : [`initrd ${quoted(initrds)}`]), 'boot', ''].join('\n'),
  );
}

function notRepresentable(text: string): LoaderFault {
  return { code: 'value-not-representable', text };
}
