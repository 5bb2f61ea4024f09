import type { IpxeText } from './ipxe-word.js';

/** A command of the iPXE in Debian 12 (2019); nothing newer is offered, because that binary is what machines run. */
export type IpxeCommand =
  | { readonly kind: 'echo'; readonly text: IpxeText }
  | { readonly kind: 'set'; readonly name: string; readonly value: IpxeText }
  | { readonly kind: 'isset'; readonly value: IpxeText }
  | { readonly kind: 'iseq'; readonly left: IpxeText; readonly right: IpxeText }
  | { readonly kind: 'dhcp' }
  | { readonly kind: 'kernel'; readonly url: IpxeText; readonly args: readonly IpxeText[] }
  | { readonly kind: 'initrd'; readonly url: IpxeText; readonly name?: string }
  | { readonly kind: 'imgfetch'; readonly url: IpxeText; readonly name?: string }
  | { readonly kind: 'imgfree' }
  | { readonly kind: 'boot' }
  | { readonly kind: 'chain'; readonly url: IpxeText; readonly isReplacing: boolean }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'sleep'; readonly seconds: number }
  | { readonly kind: 'sanboot'; readonly drive: number }
  | { readonly kind: 'exit'; readonly status?: number };

/** One line of a script. */
export type IpxeStatement =
  | IpxeCommand
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'label'; readonly name: string }
  /** `first || second`; without `second` a failure is ignored. */
  | { readonly kind: 'or-else'; readonly first: IpxeCommand; readonly second?: IpxeCommand }
  | { readonly kind: 'and-then'; readonly first: IpxeCommand; readonly second: IpxeCommand };

/** The first fixed disk, as BIOS and iPXE number it. */
export const FIRST_DISK = 0x80;

/** Makes statements for `formatIpxeScript`; nothing is checked before that. */
export const ipxe = {
  comment: (text: string): IpxeStatement => ({ kind: 'comment', text }),
  label: (name: string): IpxeStatement => ({ kind: 'label', name }),
  goto: (label: string): IpxeCommand => ({ kind: 'goto', label }),
  echo: (text: IpxeText): IpxeCommand => ({ kind: 'echo', text }),
  set: (name: string, value: IpxeText): IpxeCommand => ({ kind: 'set', name, value }),
  isset: (value: IpxeText): IpxeCommand => ({ kind: 'isset', value }),
  iseq: (left: IpxeText, right: IpxeText): IpxeCommand => ({ kind: 'iseq', left, right }),
  dhcp: (): IpxeCommand => ({ kind: 'dhcp' }),
  /** `args` are complete kernel arguments, one or more words each; build those with values by `kernelArg`. */
  kernel: (url: IpxeText, args: readonly IpxeText[] = []): IpxeCommand => ({ kind: 'kernel', url, args }),
  initrd: (url: IpxeText, name?: string): IpxeCommand => ({
    kind: 'initrd',
    url,
    ...(name === undefined ? {} : { name }),
  }),
  imgfetch: (url: IpxeText, name?: string): IpxeCommand => ({
    kind: 'imgfetch',
    url,
    ...(name === undefined ? {} : { name }),
  }),
  /** Forgets every image fetched so far, so that a script run again does not pile them up. */
  imgfree: (): IpxeCommand => ({ kind: 'imgfree' }),
  boot: (): IpxeCommand => ({ kind: 'boot' }),
  /** Runs another script; replacing does not return to this one, so that a loop of scripts does not nest. */
  chain: (url: IpxeText, { isReplacing = true } = {}): IpxeCommand => ({ kind: 'chain', url, isReplacing }),
  sleep: (seconds: number): IpxeCommand => ({ kind: 'sleep', seconds }),
  sanboot: (drive: number = FIRST_DISK): IpxeCommand => ({ kind: 'sanboot', drive }),
  exit: (status?: number): IpxeCommand => ({ kind: 'exit', ...(status === undefined ? {} : { status }) }),
  orElse: (first: IpxeCommand, second?: IpxeCommand): IpxeStatement => ({
    kind: 'or-else',
    first,
    ...(second === undefined ? {} : { second }),
  }),
  andThen: (first: IpxeCommand, second: IpxeCommand): IpxeStatement => ({ kind: 'and-then', first, second }),
} as const;
