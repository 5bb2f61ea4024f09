import type { Profile, Task } from '@rackwright/domain-provisioning';
import type { OwnBootScript } from '@rackwright/domain-netboot';
import { formatMac, ok, type Mac, type Result } from '@rackwright/kernel';
import type { LogTarget } from '../syslog/log-target.js';
import {
  expansion,
  formatIpxeScript,
  ipxe,
  kernelArg,
  type IpxeFault,
  type IpxeScriptFault,
  type IpxeStatement,
  type IpxeText,
} from '@rackwright/protocol-ipxe-script';

type ScriptFault = IpxeFault | IpxeScriptFault;
type Script = Result<string, ScriptFault>;

/** Between two questions of a waiting machine: soon enough for a person who just approved, rare enough for thousands. */
const POLL_SECONDS = 10;
const RETRY_SECONDS = 15;

/** Where the machine's script is, with what iPXE knows about the machine. */
function scriptUrl(baseUrl: string, mac: Mac): IpxeText {
  return [
    `${baseUrl}/boot/${mac}/boot.ipxe?uuid=`,
    expansion('uuid'),
    '&serial=',
    expansion('serial', 'uristring'),
    '&arch=',
    expansion('buildarch'),
    '&platform=',
    expansion('platform'),
  ];
}

/** Asks again for ever, replacing itself each time so that scripts do not pile up; a server that is away is waited for. */
function askAgain(baseUrl: string, mac: Mac, pauseSeconds: number): readonly IpxeStatement[] {
  return [
    ipxe.label('again'),
    ipxe.sleep(pauseSeconds),
    ipxe.orElse(ipxe.chain(scriptUrl(baseUrl, mac)), ipxe.goto('again')),
  ];
}

/** For a machine that nobody decided about yet. */
export function waitScript(baseUrl: string, mac: Mac): Script {
  return formatIpxeScript([
    ipxe.echo(`Rackwright: ${formatMac(mac)} is known and waits for a task`),
    ...askAgain(baseUrl, mac, POLL_SECONDS),
  ]);
}

/**
 * For a machine that boots from its disk. EFI firmware goes on with its next entry only after an entry that failed: one
 * that ended well leads to its menu. A BIOS is told the drive.
 */
export function localBootScript(): Script {
  return formatIpxeScript([
    ipxe.echo('Rackwright: booting from the local disk'),
    ipxe.orElse(ipxe.iseq([expansion('platform')], 'efi'), ipxe.goto('bios')),
    ipxe.exit(1),
    ipxe.label('bios'),
    ipxe.orElse(ipxe.sanboot(), ipxe.exit()),
  ]);
}

/** For a machine whose MAC is not in the request: it asks again by the MAC iPXE knows. */
export function introduceScript(baseUrl: string): Script {
  return formatIpxeScript([
    ipxe.chain([`${baseUrl}/boot/`, expansion('netX/mac', 'hexhyp'), '/boot.ipxe?arch=', expansion('buildarch')]),
  ]);
}

export interface InstallScript {
  readonly task: Task;
  readonly profile: Profile;
  readonly baseUrl: string;
  /** Where the installer sends its log. */
  readonly log: LogTarget | undefined;
}

/** Boots the installer, or the RAM OS with the install agent, with all it needs to know on its command line. */
export function installScript({ task, profile, baseUrl, log }: InstallScript): Script {
  const args = installArgs({ task, profile, baseUrl, log });
  if (!args.ok) return args;
  return bootScript({
    title: `Rackwright: installing ${profile.name} on ${task.sn}`,
    ...{ profile, baseUrl, mac: task.mac },
    args: [...args.value, ...words(task.kernel_args)],
  });
}

/** Boots the RAM OS for a person to look at the machine. */
export function rescueScript(parts: {
  readonly profile: Profile;
  readonly baseUrl: string;
  readonly mac: Mac;
}): Script {
  const args = all([
    kernelArg('rw.rescue'),
    kernelArg('rw.url', parts.baseUrl),
    kernelArg('rw.mac', formatMac(parts.mac)),
  ]);
  return args.ok ? bootScript({ ...parts, title: 'Rackwright: rescue', args: args.value }) : args;
}

/** The script that was written for this machine alone; one that ends without booting is asked for again. */
export function ownScript(script: OwnBootScript, baseUrl: string, mac: Mac): Script {
  if ('text' in script) return ok(script.text.startsWith('#!ipxe') ? script.text : `#!ipxe\n${script.text}\n`);
  return formatIpxeScript([
    ipxe.orElse(ipxe.chain(script.url), ipxe.goto('failed')),
    ipxe.label('failed'),
    ipxe.echo("Rackwright: the machine's own script could not be fetched or came to an end"),
    ...askAgain(baseUrl, mac, RETRY_SECONDS),
  ]);
}

interface KernelBoot {
  readonly title: string;
  readonly profile: Profile;
  readonly baseUrl: string;
  readonly mac: Mac;
  readonly args: readonly string[];
}

function bootScript({ title, profile, baseUrl, mac, args }: KernelBoot): Script {
  const initrds = profile.initrds.map((path, index) => ({
    url: artefactUrl(baseUrl, path),
    name: `initrd${index}.img`,
  }));
  const named = initrds.map(({ name }) => `initrd=${name}`);
  // Installers take the network card the machine booted from: the hardware type, then the MAC with dashes.
  const bootif = `BOOTIF=01-${formatMac(mac, '-')}`;
  return formatIpxeScript([
    ipxe.echo(title),
    ipxe.imgfree(),
    ipxe.orElse(
      ipxe.kernel(artefactUrl(baseUrl, profile.kernel), [...named, ...words(profile.kernel_args), bootif, ...args]),
      ipxe.goto('failed'),
    ),
    ...initrds.map(({ url, name }) => ipxe.orElse(ipxe.initrd(url, name), ipxe.goto('failed'))),
    ipxe.orElse(ipxe.boot(), ipxe.goto('failed')),
    ipxe.label('failed'),
    ipxe.echo('Rackwright: the kernel or its RAM disk could not be fetched or started'),
    ...askAgain(baseUrl, mac, RETRY_SECONDS),
  ]);
}

function artefactUrl(baseUrl: string, path: string): string {
  return /^https?:\/\//.test(path) ? path : `${baseUrl}/static/${path}`;
}

function words(text: string): readonly string[] {
  return text.split(/ +/).filter((word) => word !== '');
}

function installArgs({ task, profile, baseUrl, log }: InstallScript): Result<readonly string[], IpxeFault> {
  const { token } = task.boot;
  switch (profile.format) {
    case 'preseed':
      return all([
        kernelArg('url', `${baseUrl}/preseed/${task.mac}/preseed.cfg?token=${token}`),
        kernelArg('interface', 'auto'),
        kernelArg('hostname', task.hostname?.split('.')[0] ?? `node-${task.mac}`),
        ...(log === undefined ? [] : [kernelArg('log_host', log.host), kernelArg('log_port', String(log.port))]),
      ]);
    case 'autoinstall':
      return all([
        kernelArg('ds', `nocloud-net;s=${baseUrl}/autoinstall/${task.mac}/${token}/`),
        kernelArg('cloud-config-url', '/dev/null'),
        ...defaultPath(profile, 'image').map((path) => kernelArg('iso-url', artefactUrl(baseUrl, path))),
      ]);
    case 'kickstart':
      return all([
        kernelArg('inst.ks', `${baseUrl}/kickstart/${task.sn}?token=${token}`),
        ...(log === undefined ? [] : [kernelArg('inst.syslog', `${log.host}:${log.port}`)]),
        ...defaultPath(profile, 'repository').map((path) => kernelArg('inst.repo', `${baseUrl}/repos/${path}`)),
      ]);
    case 'agent':
      return all([
        kernelArg('rw.agent'),
        kernelArg('rw.url', baseUrl),
        kernelArg('rw.task', task.task_id),
        kernelArg('rw.token', token),
        kernelArg('rw.sn', task.sn),
      ]);
  }
}

function defaultPath(profile: Profile, name: string): readonly string[] {
  const value = profile.defaults[name];
  return typeof value === 'string' && value !== '' ? [value] : [];
}

function all(args: readonly Result<string, IpxeFault>[]): Result<readonly string[], IpxeFault> {
  const values: string[] = [];
  for (const arg of args) {
    if (!arg.ok) return arg;
    values.push(arg.value);
  }
  return ok(values);
}
