import { EnumField, JsonField, ObjectListField, TextField, TextListField } from '../fields/index.js';
import { KERNEL_ARGS_PATTERN } from './tasks.js';

export const profileFamilies = [
  'debian',
  'ubuntu',
  'rocky',
  'alma',
  'centos-stream',
  'fedora',
  'opensuse',
  'flatcar',
  'image',
] as const;
export const answerFormats = ['preseed', 'autoinstall', 'kickstart', 'agent'] as const;
export type AnswerFormat = (typeof answerFormats)[number];

export const PROFILE_NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const ALIAS_PATTERN = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/;
/** A path below `/static/`, or an absolute HTTP URL; nothing a script could read as syntax. */
const ARTEFACT_PATTERN =
  /^(?:https?:\/\/[A-Za-z0-9.:_-]+\/)?(?:[A-Za-z0-9_+-][A-Za-z0-9._+-]*\/)*[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/;

/** A further file the kernel needs. */
export class InitrdFile {
  @TextField({
    description: 'Path below /static/, or an absolute HTTP URL',
    maxLength: 512,
    pattern: ARTEFACT_PATTERN,
    shape: 'a relative path or HTTP URL',
  })
  readonly path!: string;
}

/** `PUT /api/v1/profiles/:name`. */
export class PutProfile {
  @EnumField({ description: 'Family', values: profileFamilies }) readonly family!: (typeof profileFamilies)[number];
  @TextField({
    description: 'Version',
    maxLength: 32,
    example: '12',
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    shape: 'of letters, digits and "._-"',
  })
  readonly version!: string;
  @EnumField({ description: 'Architecture', optional: true, values: ['x86_64', 'arm64'] })
  readonly arch?: 'x86_64' | 'arm64';
  @TextListField({
    description: 'Other names the profile is found by, in any letter case',
    optional: true,
    maxItems: 32,
    maxLength: 64,
    pattern: ALIAS_PATTERN,
    shape: 'a profile name',
  })
  readonly aliases?: readonly string[];
  @EnumField({ description: 'How the machine is installed', values: answerFormats }) readonly format!: AnswerFormat;
  @TextField({
    description: 'Kernel: path below /static/, or an absolute HTTP URL',
    maxLength: 512,
    pattern: ARTEFACT_PATTERN,
    shape: 'a relative path or HTTP URL',
  })
  readonly kernel!: string;
  @ObjectListField({ description: 'Initial RAM disks', of: InitrdFile, minItems: 1, maxItems: 8 })
  readonly initrds!: readonly InitrdFile[];
  @TextField({
    description: 'Kernel arguments of every machine of this profile',
    optional: true,
    minLength: 0,
    maxLength: 2_048,
    pattern: KERNEL_ARGS_PATTERN,
    shape: 'words of letters, digits and "._,:;=/@%+~!^*-"',
  })
  readonly kernel_args?: string;
  @TextField({
    description: 'Liquid template of the answer file; default: the built-in one of the format',
    optional: true,
    maxLength: 262_144,
    multiline: true,
  })
  readonly template?: string;
  @JsonField({ description: 'Values the template sees as `profile.defaults`', optional: true, maxBytes: 65_536 })
  readonly defaults?: Record<string, unknown>;
}

/** A profile as the API shows it. */
export interface ProfileView extends Omit<PutProfile, 'template'> {
  readonly name: string;
  readonly builtin: boolean;
  readonly template?: string;
  readonly revision?: string;
}
