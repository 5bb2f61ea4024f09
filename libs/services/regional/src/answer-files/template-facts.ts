import { HOSTNAME_PATTERN } from '@rackwright/contracts';
import type { Profile, Task } from '@rackwright/domain-provisioning';
import { fail, formatMac, ok, type Result } from '@rackwright/kernel';
import { diskChoiceOf, diskPickingShell, onOneLine, type DiskFault } from './disk-choice.js';
import type { NetworkChoice } from './network-choice.js';
import { reportCommands, type Poster } from './report-commands.js';

/** What an answer file is made from. */
export interface AnswerFileInput {
  readonly task: Task;
  readonly profile: Profile;
  /** `http://host:port` of the region, as the machine reaches it. */
  readonly baseUrl: string;
  /** The boot token, or a mask where people look at the file. */
  readonly token: string;
  readonly network: NetworkChoice;
  readonly ntp: readonly string[];
}

/** A value that may not stand in an answer file, by its name. */
export type FactFault = DiskFault | { readonly code: 'value-unsafe'; readonly field: string };

/** Shapes of what may be set in a profile's defaults; a value of another shape is refused by its name. */
const defaultShapes = {
  admin_user: { shape: /^[a-z][a-z0-9_-]{0,31}$/, otherwise: 'rackwright' },
  password_hash: { shape: /^\$[A-Za-z0-9./$=,+-]{10,200}$/, otherwise: '' },
  mirror_host: { shape: /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::\d{1,5})?$/, otherwise: 'deb.debian.org' },
  mirror_directory: { shape: /^\/[A-Za-z0-9._~/-]{0,200}$/, otherwise: '/debian' },
  suite: { shape: /^[a-z][a-z0-9-]{0,31}$/, otherwise: 'stable' },
  timezone: { shape: /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/, otherwise: 'Etc/UTC' },
  locale: { shape: /^[A-Za-z]{1,8}(?:_[A-Za-z]{2})?(?:\.[A-Za-z0-9-]{1,16})?$/, otherwise: 'en_US.UTF-8' },
  keyboard: { shape: /^[a-z]{2,16}$/, otherwise: 'us' },
  repository: { shape: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$/, otherwise: '' },
  image: { shape: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$/, otherwise: '' },
} as const;

type DefaultName = keyof typeof defaultShapes;

const SSH_KEY = /^[a-z0-9@.-]+ [A-Za-z0-9+/=]+(?: [^\p{Cc}"'`$\\]*)?$/u;
const PACKAGE = /^[A-Za-z0-9][A-Za-z0-9+._:~=-]*$/;
const KERNEL_ARGS = /^[A-Za-z0-9 ._,:;=/@%+~!^*-]*$/;
const TOKEN = /^[A-Za-z0-9._~+*-]{1,256}$/;

const posters: Readonly<Record<Profile['format'], Poster>> = {
  preseed: 'wget',
  autoinstall: 'curl',
  kickstart: 'curl',
  agent: 'curl',
};

/** The values a template sees. Every one of them is safe to stand where the built-in templates put it. */
export function templateFacts(input: AnswerFileInput): Result<Readonly<Record<string, unknown>>, FactFault> {
  const { task, profile, network } = input;
  const disk = diskChoiceOf(task);
  if (!disk.ok) return disk;
  const unsafe = unsafeField(input);
  if (unsafe !== undefined) return fail({ code: 'value-unsafe', field: unsafe });
  const settings = settingsOf(profile);
  if (!settings.ok) return settings;
  const [host, ...domain] = (task.hostname ?? `node-${task.mac}`).split('.');
  const reports = reportCommands(input, posters[profile.format]);
  return ok({
    task: { sn: task.sn, mac: formatMac(task.mac), task_id: task.task_id, tags: task.tags, priority: task.priority },
    profile: { name: profile.name, family: profile.family, version: profile.version, defaults: profile.defaults },
    site: { url: input.baseUrl, ntp: input.ntp, ntp_server: input.ntp[0] ?? '' },
    hostname: host,
    domain: domain.join('.'),
    fqdn: task.hostname ?? `node-${task.mac}`,
    ssh_keys: task.ssh_keys,
    packages: task.packages,
    kernel_args: task.kernel_args,
    network: network.method === 'dhcp' ? { ...NO_ADDRESSES, method: 'dhcp' } : network,
    disk: disk.value,
    disk_script: diskPickingShell(disk.value),
    disk_command: onOneLine(diskPickingShell(disk.value)),
    report: reports,
    ...targetCommands(task, settings.value.admin_user),
    ...settings.value,
  });
}

/** Shell commands on the installed system below /target. Both values have shapes that need no quoting. */
function targetCommands(task: Task, adminUser: string): Readonly<Record<string, string>> {
  return {
    sudo_command:
      `echo '${adminUser} ALL=(ALL) NOPASSWD: ALL' > /target/etc/sudoers.d/90-${adminUser} && ` +
      `chmod 440 /target/etc/sudoers.d/90-${adminUser}`,
    kernel_args_command:
      `echo 'GRUB_CMDLINE_LINUX="${task.kernel_args}"' > /target/etc/default/grub.d/90-kernel-args.cfg && ` +
      'curtin in-target --target=/target -- update-grub',
  };
}

/** Templates may name them without asking for the method first. */
const NO_ADDRESSES = { ip: '', netmask: '', prefix: 0, gateway: '', dns: [] } as const;

function unsafeField({ task, token }: AnswerFileInput): string | undefined {
  if (task.hostname !== undefined && !HOSTNAME_PATTERN.test(task.hostname)) return 'hostname';
  if (!task.ssh_keys.every((key) => SSH_KEY.test(key))) return 'ssh_keys';
  if (!task.packages.every((name) => PACKAGE.test(name))) return 'packages';
  if (!KERNEL_ARGS.test(task.kernel_args)) return 'kernel_args';
  return TOKEN.test(token) ? undefined : 'token';
}

function settingsOf(profile: Profile): Result<Readonly<Record<DefaultName, string>>, FactFault> {
  const settings = {} as Record<DefaultName, string>;
  for (const name of Object.keys(defaultShapes) as DefaultName[]) {
    const { shape, otherwise } = defaultShapes[name];
    const value = profile.defaults[name] ?? otherwise;
    if (typeof value !== 'string' || (value !== otherwise && !shape.test(value))) {
      return fail({ code: 'value-unsafe', field: `profile.defaults.${name}` });
    }
    settings[name] = value;
  }
  return ok(settings);
}
