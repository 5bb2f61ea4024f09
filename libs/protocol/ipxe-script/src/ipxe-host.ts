/** An image the script has fetched. */
export interface IpxeImage {
  readonly name: string;
  readonly url: string;
  /** The words after the URL, joined; for a kernel its command line. */
  readonly args: string;
}

/** What a script asks of the machine it runs on. */
export type IpxeRequest =
  | { readonly kind: 'echo'; readonly text: string }
  | { readonly kind: 'sleep'; readonly seconds: number }
  | { readonly kind: 'dhcp' }
  /** For `chain`, the reply carries the content, because it decides what happens next. */
  | { readonly kind: 'fetch'; readonly url: string; readonly purpose: 'kernel' | 'initrd' | 'image' | 'chain' }
  /** Success means that the program took over and the script is at its end. */
  | { readonly kind: 'boot'; readonly image: IpxeImage; readonly others: readonly IpxeImage[] }
  | { readonly kind: 'sanboot'; readonly drive: number };

/** The machine's answer. */
export type IpxeReply =
  { readonly ok: true; readonly content?: string } | { readonly ok: false; readonly error: string };

/** How a script ended. */
export type IpxeOutcome =
  | { readonly kind: 'booted'; readonly image: IpxeImage; readonly others: readonly IpxeImage[] }
  | { readonly kind: 'booted-from-disk'; readonly drive: number }
  | { readonly kind: 'rebooted' }
  /** The firmware goes on with its next boot device. */
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'failed'; readonly command: string; readonly error: string }
  | { readonly kind: 'step-limit-reached' };
