/** How a machine of a profile is installed: an answer file for the distribution's installer, or our install agent. */
export type ProfileFormat = 'preseed' | 'autoinstall' | 'kickstart' | 'agent';

/** A named OS install recipe. */
export interface Profile {
  readonly name: string;
  readonly family: string;
  readonly version: string;
  readonly arch: 'x86_64' | 'arm64';
  readonly aliases: readonly string[];
  readonly format: ProfileFormat;
  /** Path below `/static/`, or an absolute HTTP URL. */
  readonly kernel: string;
  readonly initrds: readonly string[];
  readonly kernel_args: string;
  /** Liquid source; absent: the built-in template of the format. */
  readonly template?: string;
  readonly defaults: Readonly<Record<string, unknown>>;
}
