import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { parseIpv4, type Ipv4 } from '@rackwright/kernel';
import { answerInput, profile, task } from './answer-file-fixture.js';
import { networkChoiceOf } from './network-choice.js';
import { answerFilesOf, renderAnswerFile, type AnswerFileKind } from './render-answer-file.js';
import type { AnswerFileInput } from './template-facts.js';

/** With so much time that a machine that stands still meanwhile changes nothing. */
const templates = new LiquidTemplates({ maxRenderMs: 600_000 });
const ip = (text: string): Ipv4 => parseIpv4(text) ?? ('' as Ipv4);
const fixed: AnswerFileInput['network'] = {
  method: 'static',
  ip: ip('10.0.0.9'),
  netmask: ip('255.255.255.0'),
  prefix: 24,
  gateway: ip('10.0.0.254'),
  dns: [ip('10.0.0.53'), ip('10.0.0.54')],
};

function render(kind: AnswerFileKind, input: AnswerFileInput): string {
  const rendered = renderAnswerFile(kind, input, templates);
  if (!rendered.ok) throw new Error(JSON.stringify(rendered.fault));
  return rendered.value;
}

const complaints = new Map<string, string>();

/** What the shell has against a script; many variants share theirs, and each is looked at once. */
function shellComplaint(script: string): string {
  const known = complaints.get(script);
  if (known !== undefined) return known;
  const { stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
  complaints.set(script, stderr);
  return stderr;
}

/** The answer of a question that holds a shell command, continuation lines joined. */
function preseedCommand(text: string, question: string): string {
  const joined = text.replaceAll('\\\n', ' ');
  return new RegExp(`^d-i ${question} string (.*)$`, 'm').exec(joined)?.[1] ?? '';
}

function section(text: string, name: string): string {
  return new RegExp(`^%${name}[^\\n]*\\n([\\s\\S]*?)^%end$`, 'm').exec(text)?.[1] ?? '';
}

interface Autoinstall {
  readonly version: number;
  readonly identity: Readonly<Record<string, string>>;
  readonly storage: { readonly layout: { readonly name: string; readonly match: Readonly<Record<string, string>> } };
  readonly ssh: { readonly 'authorized-keys': readonly string[]; readonly 'allow-pw': boolean };
  readonly network: { readonly ethernets: { readonly boot: Readonly<Record<string, unknown>> } };
  readonly 'early-commands': readonly string[];
  readonly 'late-commands': readonly string[];
  readonly 'error-commands': readonly string[];
}

function autoinstall(input: AnswerFileInput): Autoinstall {
  const text = render('user-data', input);
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  return (parse(text) as { readonly autoinstall: Autoinstall }).autoinstall;
}

const layouts = [
  {},
  { root_disk: 'largest', scheme: 'lvm' },
  { root_disk: '/dev/nvme0n1' },
  { serial: 'S4EWNX0N' },
  { model: 'Samsung SSD 980' },
  { wwn: '0x5002538e40a0b0c0' },
];
const variants = layouts.flatMap((disk_layout) =>
  [fixed, { method: 'dhcp' } as const].map((network) => ({ task: task({ disk_layout }), network })),
);
const hashed = { password_hash: '$6$rounds=5000$saltsalt$abcdefghijklmnopqrstuv' };

describe('preseed', () => {
  it.each(['debian-12', 'debian-13'])('%s is what debconf accepts', (name) => {
    const texts = variants.map((variant) => render('preseed', answerInput(name, variant)));
    const checked = spawnSync('debconf-set-selections', ['--checkonly'], {
      input: texts.join('\n'),
      encoding: 'utf8',
      // Without the database of this machine, which apt may hold locked.
      env: { ...process.env, DEBCONF_DB_REPLACE: 'Pipe{infd:none outfd:none}' },
    });
    expect([checked.error, checked.status, checked.stderr]).toEqual([undefined, 0, '']);
  });

  it('has commands that sh accepts, and reports start, disk, packages and the end', () => {
    for (const variant of variants) {
      const text = render('preseed', answerInput('debian-12', variant));
      const [early, partman, late] = ['preseed/early_command', 'partman/early_command', 'preseed/late_command'].map(
        (question) => preseedCommand(text, question),
      );
      for (const command of [early, partman, late]) expect(shellComplaint(command ?? 'missing (')).toBe('');
      expect(early).toContain('"step":"start"');
      expect(partman).toContain('"step":"partitioning"');
      expect(late).toContain('"step":"packages"');
      expect(late).toContain("'http://10.0.0.1:8081/api/v1/device/installComplete'");
      expect(late).toContain('Authorization: Bearer c0ffee00c0ffee00c0ffee00c0ffee00');
    }
  });

  it('names no disk but takes the one the rule finds, or gives up', () => {
    const text = render('preseed', answerInput('debian-12'));
    expect(text).not.toMatch(/\/dev\/[sv]d[a-z]/);
    expect(preseedCommand(text, 'partman/early_command')).toMatch(/if \[ -z "\$disk" \].*exit 1; fi/);
  });

  it('has no built-in password: without a hash the account is locked and root is off', () => {
    const text = render('preseed', answerInput('debian-12'));
    expect(text).toContain('d-i passwd/root-login boolean false');
    expect(text).toContain('d-i passwd/user-password-crypted password !\n');
    const withHash = render(
      'preseed',
      answerInput('debian-12', { profile: profile('debian-12', { defaults: hashed }) }),
    );
    expect(withHash).toContain(`d-i passwd/user-password-crypted password ${hashed.password_hash}\n`);
    expect(withHash).not.toContain('NOPASSWD');
  });
});

describe('the disk rule', () => {
  /** Runs the rule of a preseed against a made-up /sys/block. */
  function pick(disk_layout: object, disks: readonly (readonly [string, number])[]): string {
    const command = preseedCommand(
      render('preseed', answerInput('debian-12', { task: task({ disk_layout: disk_layout as never }) })),
      'partman/early_command',
    );
    const rule = command.slice(command.indexOf('disk='), command.lastIndexOf('if [ -z "$disk" ]'));
    const made = disks.map(
      ([name, sectors]) =>
        `mkdir -p "$root/${name}"; echo ${sectors} > "$root/${name}/size"; echo 0 > "$root/${name}/removable"; echo 0 > "$root/${name}/ro";`,
    );
    const script = `root=$(mktemp -d); ${made.join(' ')} ${rule.replace('/sys/block/', '"$root"/')} printf %s "$disk"; rm -r "$root"`;
    const ran = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    return ran.stdout;
  }

  const disks = [
    ['sda', 2_000_000_000],
    ['sdb', 500_000_000],
    ['nvme0n1', 900_000_000],
    ['loop0', 9_000_000],
    ['sdc', 2_000_000],
  ] as const;

  it('takes the smallest disk that is a disk, or the largest', () => {
    expect(pick({}, disks)).toBe('/dev/sdb');
    expect(pick({ root_disk: 'largest' }, disks)).toBe('/dev/sda');
    expect(pick({}, [['sdc', 2_000_000]])).toBe('');
  });
});

describe('kickstart', () => {
  it.each(['rocky-9', 'alma-9'])('%s has its sections, and scripts that sh accepts', (name) => {
    for (const variant of variants) {
      const text = render('kickstart', answerInput(name, variant));
      for (const script of ['pre', 'post', 'onerror']) {
        expect(section(text, script)).not.toBe('');
        expect(shellComplaint(section(text, script))).toBe('');
      }
      expect(section(text, 'packages')).toContain('\nhtop\n');
      expect(text).toContain(`url --url=http://10.0.0.1:8081/repos/${name.replace('-9', '')}/9/x86_64/os`);
      expect(text).toContain('rootpw --lock');
      expect(section(text, 'post')).toContain('/api/v1/device/installComplete');
      expect(section(text, 'onerror')).toContain('"status":"failed"');
    }
  });
});

describe('autoinstall', () => {
  it.each(['ubuntu-22.04', 'ubuntu-24.04'])('%s is YAML with version 1 and commands that sh accepts', (name) => {
    for (const variant of variants) {
      const found = autoinstall(answerInput(name, variant));
      expect(found.version).toBe(1);
      expect(found.identity).toEqual({ hostname: 'node-001', username: 'rackwright', password: '!' });
      expect(found.ssh).toMatchObject({ 'authorized-keys': task().ssh_keys, 'allow-pw': false });
      for (const list of ['early-commands', 'late-commands', 'error-commands'] as const) {
        for (const command of found[list]) expect(shellComplaint(command)).toBe('');
      }
      expect(found['late-commands'].at(-1)).toContain('/api/v1/device/installComplete');
    }
  });

  it('finds the disk by the hint and configures the card it booted from', () => {
    const layout = (disk_layout: object) =>
      autoinstall(answerInput('ubuntu-24.04', { task: task({ disk_layout: disk_layout as never }) })).storage.layout;
    expect(layout({})).toEqual({ name: 'direct', match: { size: 'smallest' } });
    expect(layout({ serial: 'S4E', scheme: 'lvm' })).toEqual({ name: 'lvm', match: { serial: 'S4E' } });
    const found = autoinstall(answerInput('ubuntu-24.04', { network: fixed }));
    expect(found.network.ethernets.boot).toMatchObject({
      match: { macaddress: '00:1a:2b:3c:4d:5e' },
      addresses: ['10.0.0.9/24'],
      routes: [{ to: 'default', via: '10.0.0.254' }],
    });
  });

  it('has meta-data and vendor-data', () => {
    const input = answerInput('ubuntu-24.04');
    expect(parse(render('meta-data', input))).toEqual({ 'instance-id': 'task-0a1b2c3d', 'local-hostname': 'node-001' });
    expect(render('vendor-data', input)).toBe('#cloud-config\n{}\n');
  });
});

describe('hostile values', () => {
  const hostile = fc
    .tuple(
      fc.string(),
      fc.constantFrom("'; reboot; '", '$(reboot)', '`id`', '\nd-i x y string z', '"', '\\', '\0', '%end\n'),
    )
    .map(([text, attack]) => `${text}${attack}`);
  const kinds = [
    ['debian-12', 'preseed'],
    ['rocky-9', 'kickstart'],
    ['ubuntu-24.04', 'user-data'],
  ] as const;

  it('are refused by name wherever they come from', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...kinds), (text, [name, kind]) => {
        const fault = (more: Partial<AnswerFileInput>) => {
          const rendered = renderAnswerFile(kind, answerInput(name, more), templates);
          return rendered.ok ? rendered.value : rendered.fault;
        };
        expect(fault({ task: task({ hostname: text }) })).toMatchObject({ field: 'hostname' });
        expect(fault({ task: task({ ssh_keys: [`ssh-rsa AAAA ${text}`] }) })).toMatchObject({ field: 'ssh_keys' });
        expect(fault({ task: task({ packages: [text] }) })).toMatchObject({ field: 'packages' });
        expect(fault({ task: task({ kernel_args: text }) })).toMatchObject({ field: 'kernel_args' });
        expect(fault({ task: task({ disk_layout: { serial: text } }) })).toMatchObject({ field: 'serial' });
        expect(fault({ task: task({ disk_layout: text }) })).toMatchObject({ field: 'root_disk' });
        const defaults = { admin_user: text };
        expect(fault({ profile: profile(name, { defaults }) })).toMatchObject({ field: 'profile.defaults.admin_user' });
      }),
    );
  });
});

describe('profiles and networks', () => {
  it('a template of the profile replaces the built-in main file', () => {
    const own = profile('debian-12', { template: 'd-i mine string {{ hostname }} {{ task.sn }}\n' });
    expect(render('preseed', answerInput('debian-12', { profile: own }))).toBe('d-i mine string node-001 sn-001\n');
    const broken = profile('debian-12', { template: '{{ nothing }}' });
    expect(renderAnswerFile('preseed', answerInput('debian-12', { profile: broken }), templates)).toMatchObject({
      ok: false,
      fault: { code: 'template-variable-missing' },
    });
  });

  it('has no answer file for another format', () => {
    expect(answerFilesOf('agent')).toEqual([]);
    expect(renderAnswerFile('kickstart', answerInput('debian-12'), templates)).toMatchObject({
      fault: { code: 'format-mismatch' },
    });
  });

  it('is static when asked for and complete, else DHCP', () => {
    const around = { asked: {}, node: undefined, subnets: [] };
    const wanted = {
      ip: ip('10.0.0.9'),
      network_config: { method: 'static', netmask: '255.255.252.0', gateway: '10.0.0.1' },
    };
    expect(networkChoiceOf(wanted, around)).toMatchObject({ method: 'static', ip: '10.0.0.9', prefix: 22 });
    expect(networkChoiceOf({ ip: ip('10.0.0.9') }, around)).toEqual({ method: 'dhcp' });
    expect(networkChoiceOf({ network_config: { method: 'static' } }, around)).toEqual({ method: 'dhcp' });
  });
});
