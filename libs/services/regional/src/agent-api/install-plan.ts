import type { Json, Operation, Profile, Task } from '@rackwright/domain-provisioning';
import { formatMac } from '@rackwright/kernel';

/** One thing to do to the hardware before the installation. */
interface HardwareStep {
  readonly kind: 'raid' | 'bios';
  readonly settings: Json;
}

/** What `getHardwareConfig` answers. */
export interface HardwareConfig {
  readonly task_id: string;
  readonly steps: readonly HardwareStep[];
}

/** The RAID and firmware steps of a task: `raid` and `bios` of its disk layout, in this order. */
export function hardwareConfig(task: Task): HardwareConfig {
  const layout = task.disk_layout;
  const steps = (['raid', 'bios'] as const).flatMap((kind): HardwareStep[] => {
    const given = isObject(layout) ? layout[kind] : undefined;
    if (given === undefined || given === null) return [];
    return Array.isArray(given)
      ? (given as readonly Json[]).map((settings) => ({ kind, settings }))
      : [{ kind, settings: given }];
  });
  return { task_id: task.task_id, steps };
}

/** What `getOSInstallConfig` answers. */
export interface InstallPlan {
  readonly task_id: string;
  readonly profile: string;
  readonly family: string;
  readonly version: string;
  readonly arch: string;
  readonly format: string;
  readonly kernel_url: string;
  readonly initrd_urls: readonly string[];
  /** Answer file of the distribution's installer; absent when the agent installs by itself. */
  readonly answer_url?: string;
  /** Root file system archive or disk image, for the agent. */
  readonly image_url?: string;
  readonly image_sha256?: string;
  readonly disk_layout: Json;
  readonly network: NetworkPlan;
  readonly packages: readonly string[];
  readonly ssh_keys: readonly string[];
  readonly kernel_args: string;
  /** Commands to run in the installed system, in order. */
  readonly late_steps: readonly string[];
}

/** What `network_config` is about. */
interface NetworkPlan {
  readonly mac: string;
  readonly hostname?: string;
  readonly ip?: string;
  readonly config: Json;
}

/** How the machine is to be installed. */
export function installPlan(task: Task, profile: Profile, baseUrl: string): InstallPlan {
  const words = [profile.kernel_args, task.kernel_args].filter((args) => args !== '');
  const image = textOf(profile.defaults['image']);
  const sha256 = textOf(profile.defaults['image_sha256']);
  const answer = answerPath(task, profile);
  return {
    task_id: task.task_id,
    profile: profile.name,
    family: profile.family,
    version: profile.version,
    arch: profile.arch,
    format: profile.format,
    kernel_url: staticUrl(baseUrl, profile.kernel),
    initrd_urls: profile.initrds.map((path) => staticUrl(baseUrl, path)),
    ...(answer === undefined ? {} : { answer_url: `${baseUrl}${answer}` }),
    ...(image === undefined ? {} : { image_url: staticUrl(baseUrl, image) }),
    ...(sha256 === undefined ? {} : { image_sha256: sha256 }),
    disk_layout: task.disk_layout ?? {},
    network: networkPlan(task),
    packages: task.packages,
    ssh_keys: task.ssh_keys,
    kernel_args: words.join(' '),
    late_steps: textsOf(profile.defaults['late_commands']),
  };
}

/** What the agent gets along with its next operation. */
export function operationData(
  task: Task,
  operation: Operation | 'wait' | 'complete',
  plan: InstallPlan | undefined,
): object {
  switch (operation) {
    case 'hardware_config':
      return hardwareConfig(task);
    case 'network_config':
      return networkPlan(task);
    case 'os_install':
      return plan ?? {};
    case 'wait':
      return { retry_after: 10 };
    default:
      return {};
  }
}

function networkPlan(task: Task): NetworkPlan {
  return {
    mac: formatMac(task.mac),
    ...(task.hostname === undefined ? {} : { hostname: task.hostname }),
    ...(task.ip === undefined ? {} : { ip: task.ip }),
    config: task.network_config ?? {},
  };
}

function answerPath(task: Task, profile: Profile): string | undefined {
  switch (profile.format) {
    case 'preseed':
      return `/preseed/${task.mac}/preseed.cfg`;
    case 'autoinstall':
      return `/autoinstall/${task.mac}/user-data`;
    case 'kickstart':
      return `/kickstart/${task.sn}`;
    case 'agent':
      return undefined;
  }
}

function staticUrl(baseUrl: string, path: string): string {
  return /^https?:\/\//.test(path) ? path : `${baseUrl}/static/${path}`;
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
