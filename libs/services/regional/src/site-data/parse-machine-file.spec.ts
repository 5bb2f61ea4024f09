import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMistake } from './file-mistake.js';
import { MAX_MISTAKES, parseMachineFile } from './parse-machine-file.js';
import { siteOfMachines } from './site-of-machines.js';

const WHOLE = `---
08:00:27:29:4E:67:
  ipAddress: "192.168.2.153"
  subnetMask: "255.255.255.0"
  defaultGateway: "192.168.2.1"
  nameServers:
    - "8.8.8.8"
    - "1.1.1.1"
  hostname: "pxe-virtualbox"
  domainName: "example.com"
  broadcastAddress: "192.168.2.255"
  ntpServers:
    - "132.163.96.2"
    - "132.163.96.3"
  vlanID: 12
  leaseTime: 86400
  arch: "x86_64"
  domainSearch:
    - "example.com"
  netboot:
    allowPxe: true
    ipxeScriptUrl: "https://boot.example.org/menu.ipxe"
    ipxeScript: |
      echo not this one
    console: "ttyS1"
    facility: "onprem"
`;

const MAC = '52:54:00:12:34:56';

async function parsed(text: string | Uint8Array, pause = () => Promise.resolve()) {
  return parseMachineFile(typeof text === 'string' ? new TextEncoder().encode(text) : text, { pause });
}

/** What is wrong, as people read it. */
async function mistakesOf(text: string | Uint8Array): Promise<readonly string[]> {
  const read = await parsed(text);
  return read.ok ? [] : read.fault.map(formatMistake);
}

/** One machine with the given lines under its MAC, from line 4 on. */
function machine(...lines: readonly string[]): string {
  const required = ['ipAddress: 10.0.0.5', 'subnetMask: 255.255.255.0'];
  return [`${MAC}:`, ...required, ...lines].map((line, index) => (index === 0 ? line : `  ${line}`)).join('\n');
}

function machines(count: number): string {
  const hex = (index: number): string =>
    index
      .toString(16)
      .padStart(6, '0')
      .replaceAll(/(..)(?=.)/g, '$1:');
  return Array.from(
    { length: count },
    (_, index) =>
      `02:00:00:${hex(index)}:\n  ipAddress: 10.${(index + 1) >> 16}.${((index + 1) >> 8) & 255}.${(index + 1) & 255}\n` +
      `  subnetMask: 255.0.0.0\n  hostname: node-${index}\n  netboot:\n    allowPxe: true\n`,
  ).join('');
}

describe('parseMachineFile', () => {
  it('reads every field of the format', async () => {
    const read = await parsed(WHOLE);
    const site = siteOfMachines(read.ok ? read.value : []);
    const network = {
      gateway: '192.168.2.1',
      dns: ['8.8.8.8', '1.1.1.1'],
      ntp: ['132.163.96.2', '132.163.96.3'],
      domain: 'example.com',
      search: ['example.com'],
      lease_seconds: 86_400,
    };
    expect([...site.reservations.values()]).toEqual([
      {
        mac: '08002729' + '4e67',
        ip: '192.168.2.153',
        hostname: 'pxe-virtualbox',
        allow_netboot: true,
        boot_script: { url: 'https://boot.example.org/menu.ipxe' },
        network,
      },
    ]);
    expect(site.subnets).toEqual([
      { name: 'file-192.168.2.0-24', cidr: '192.168.2.0/24', pools: [], exclusions: [], routes: [], ...network },
    ]);
  });

  it('reads the least there may be, and takes keys without a value for not written', async () => {
    const read = await parsed(machine('hostname:', 'domainName: ""', 'nameServers:', 'netboot:', '  allowPxe:'));
    const site = siteOfMachines(read.ok ? read.value : []);
    expect([...site.reservations.values()]).toEqual([
      {
        ...{ mac: '525400123456', ip: '10.0.0.5', allow_netboot: false },
        network: { dns: [], ntp: [], search: [], lease_seconds: 86_400 },
      },
    ]);
  });

  it('takes fields in any case and a VLAN as text, as Smee does', async () => {
    const lines = [
      'VLANID: "16"',
      'Hostname: one',
      'netboot:',
      '  allowPXE: true',
      '  IPXEScriptURL: http://10.0.0.1/m',
    ];
    const read = await parsed(machine(...lines));
    expect(read.ok ? read.value[0]?.record : read.fault).toMatchObject({
      ...{ vlanID: 16, hostname: 'one' },
      netboot: { allowPxe: true, ipxeScriptUrl: 'http://10.0.0.1/m' },
    });
  });

  it.each([
    ['the same', ['leaseTime: 60', 'leaseTime: 600'], '5:3: /52:54:00:12:34:56/leaseTime leaseTime'],
    ['another case', ['ipaddress: 10.0.0.6'], '4:3: /52:54:00:12:34:56/ipAddress ipAddress'],
    [
      'one of netboot',
      ['netboot: {allowPxe: 1, allowPxe: true}'],
      '4:26: /52:54:00:12:34:56/netboot/allowPxe allowPxe',
    ],
  ])('refuses a field that stands twice: %s', async (_, lines, mistake) => {
    const [first, ...others] = await mistakesOf(machine(...lines));
    expect(others).toEqual([]);
    expect(first).toMatch(new RegExp(`^${mistake} already stands in line \\d$`));
  });

  it('leaves a disabled machine out, and keeps the parameters of two in one network apart', async () => {
    const read = await parsed(
      `${machine('disabled: true')}\n02:00:00:00:00:01: {ipAddress: 10.1.0.1, subnetMask: 255.255.0.0, leaseTime: 60}\n` +
        '02-00-00-00-00-02: {ipAddress: 10.1.0.2, subnetMask: 255.255.0.0, defaultGateway: 10.1.255.254}\n',
    );
    const site = siteOfMachines(read.ok ? read.value : []);
    expect([...site.reservations.keys()]).toEqual(['020000000001', '020000000002']);
    expect(site.subnets).toHaveLength(1);
    expect([...site.reservations.values()].map(({ network }) => [network?.gateway, network?.lease_seconds])).toEqual([
      [undefined, 60],
      ['10.1.255.254', 86_400],
    ]);
  });

  it('reads YAML as people write it: anchors, merge keys, JSON, comments, CRLF, one document marker', async () => {
    const shared = `# ours\r\n--- # begins\r\n${MAC}: &one\r\n  ipAddress: 10.0.0.5\r\n  subnetMask: 255.255.255.0\r\n`;
    const second = '02:00:00:00:00:01:\r\n  <<: *one\r\n  ipAddress: 10.0.0.6\r\n';
    for (const text of [
      shared + second,
      `{"${MAC}": {"ipAddress": "10.0.0.5", "subnetMask": "255.255.255.0"}, "020000000001": {"ipAddress": "10.0.0.6", "subnetMask": "255.255.255.0"}}`,
    ]) {
      const read = await parsed(text);
      expect(read.ok ? read.value.map(({ record }) => record.ipAddress) : read.fault).toEqual(['10.0.0.5', '10.0.0.6']);
    }
    const none = await parsed('{}');
    expect(none).toEqual({ ok: true, value: [] });
  });

  it.each([
    ['ipAddress: 10.0.0.256', 'ipAddress'],
    ['defaultGateway: gateway', 'defaultGateway'],
    ['defaultGateway: fe80::1', 'defaultGateway'],
    ['nameServers: 8.8.8.8', 'nameServers'],
    ['nameServers: [8.8.8.8, nine]', 'nameServers'],
    ['hostname: "a b"', 'hostname'],
    ['hostname: 7', 'hostname'],
    ['domainName: "-"', 'domainName'],
    ['broadcastAddress: 1', 'broadcastAddress'],
    ['ntpServers: [pool.ntp.org]', 'ntpServers'],
    ['vlanID: 4095', 'vlanID'],
    ['vlanID: "12a"', 'vlanID'],
    ['leaseTime: -1', 'leaseTime'],
    ['leaseTime: 1d', 'leaseTime'],
    ['arch: [x86_64]', 'arch'],
    ['domainSearch: ["exa mple"]', 'domainSearch'],
    ['disabled: maybe', 'disabled'],
    ['netboot: yes', 'netboot'],
    ['netboot: {allowPxe: 1}', 'netboot/allowPxe'],
    ['netboot: {ipxeScriptUrl: "ftp://x/y"}', 'netboot/ipxeScriptUrl'],
    ['netboot: {ipxeScriptUrl: "http://x/a b"}', 'netboot/ipxeScriptUrl'],
    ['netboot: {ipxeScript: 5}', 'netboot/ipxeScript'],
    ['netboot: {console: {}}', 'netboot/console'],
    ['netboot: {facility: 1}', 'netboot/facility'],
    ['ip_address: 10.0.0.5', 'ip_address'],
    ['netboot: {allow_pxe: true}', 'netboot/allow_pxe'],
  ])('names a wrong field with its place: %s', async (line, field) => {
    const text = line.startsWith('ipAddress') ? machine().replace('ipAddress: 10.0.0.5', line) : machine(line);
    const lineNumber = line.startsWith('ipAddress') ? 2 : 4;
    const found = await mistakesOf(text);
    expect(found).toHaveLength(1);
    const name = field.split('/').at(-1) ?? '';
    expect(found[0]).toMatch(
      new RegExp(`^${lineNumber}:\\d+: /${MAC}/${field} ${name} (?:must be|is not a known field)`),
    );
    const column = Number(/^\d+:(\d+)/.exec(found[0] ?? '')?.[1]);
    const shown = (text.split('\n')[lineNumber - 1] ?? '').slice(column - 1);
    const value = line.slice(line.indexOf(': ') + 2);
    expect(value.endsWith(shown) || shown.startsWith(name) || value.includes(shown)).toBe(true);
  });

  it('names what is missing at the machine it is missing from', async () => {
    expect(await mistakesOf(`\n${MAC}:\n  hostname: a\n`)).toEqual([
      expect.stringMatching(/^2:1: \/52:54:00:12:34:56\/ipAddress ipAddress is required/),
      expect.stringMatching(/^2:1: \/52:54:00:12:34:56\/subnetMask subnetMask is required/),
    ]);
  });

  it.each([
    ['two spellings of one MAC', `${machine()}\n5254.0012.3456:\n  ipAddress: 10.0.0.6\n  subnetMask: 255.255.255.0`],
    ['the same MAC twice', `${machine()}\n${machine().replace('10.0.0.5', '10.0.0.6')}`],
  ])('refuses %s', async (_, text) => {
    expect(await mistakesOf(text)).toEqual([
      expect.stringMatching(/^4:1: \/\S+ 52:54:00:12:34:56 already stands in line 1$/),
    ]);
  });

  it('refuses addresses that contradict each other', async () => {
    const other = (...lines: readonly string[]): string => `${machine()}\n020000000001:\n  ${lines.join('\n  ')}\n`;
    expect(await mistakesOf(other('ipAddress: 10.0.0.5', 'subnetMask: 255.255.255.0'))).toEqual([
      `5:14: /020000000001/ipAddress belongs to ${MAC}`,
    ]);
    expect(await mistakesOf(other('ipAddress: 10.0.0.6', 'subnetMask: 255.255.0.0'))).toEqual([
      `3:15: /${MAC}/subnetMask makes the network 10.0.0.0/24, which overlaps 10.0.0.0/16 of 020000000001`,
    ]);
    expect(await mistakesOf(other('ipAddress: 10.0.7.255', 'subnetMask: 255.255.255.0'))).toEqual([
      '5:14: /020000000001/ipAddress is the broadcast address of the network, not one for a machine',
    ]);
    expect(await mistakesOf(machine('broadcastAddress: 10.0.0.254'))).toEqual([
      `4:21: /${MAC}/broadcastAddress must be 10.0.0.255, which ipAddress and subnetMask make it`,
    ]);
    expect(await mistakesOf(machine().replace('255.255.255.0', '255.0.255.0'))).toEqual([
      expect.stringContaining('3:15:'),
    ]);
  });

  it.each([
    ['binary', Uint8Array.from({ length: 300 }, (_, index) => index & 255), '1:1: is not text in UTF-8'],
    ['NUL characters', 'a\0b', '1:1: is not text: it has NUL characters in it'],
    ['nothing', '\n \n', '1:1: is empty; {} stands for no machines'],
    ['a list', `- ${MAC}`, '1:1: must be machines by their MAC addresses'],
    ['a word', 'machines', '1:1: must be machines by their MAC addresses'],
    ['a name that is no MAC', 'web-1: {}', '1:1: /web-1 must be a unicast MAC address such as 00:1a:2b:3c:4d:5e'],
    ['a multicast MAC', '01:00:5e:00:00:01: {}', expect.stringContaining('1:1: /01:00:5e:00:00:01 must be')],
    ['a machine without fields', `${MAC}:`, `1:1: /${MAC} must be an object with ipAddress and subnetMask`],
    ['a list for a machine', `${MAC}: []`, `1:20: /${MAC} must be an object with ipAddress and subnetMask`],
  ])('refuses %s', async (_, text, mistake) => {
    expect(await mistakesOf(text)).toEqual([mistake]);
  });

  it('says where the YAML itself is broken', async () => {
    const [first] = await mistakesOf(`${machine()}\n  hostname: "open\n`);
    expect(first).toMatch(/^(?:4|5):\d+: Missing closing "quote/);
    expect((await mistakesOf(`${machine()}\n---\n${machine()}`))[0]).toMatch(/^4:1: .*document/);
    expect((await mistakesOf(`${MAC}: *nowhere`))[0]).toMatch(/^1:\d+: /);
  });

  it('gives up on aliases that multiply and on endless nesting', async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const below = level === 0 ? 'x' : Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ');
      return `  f${level}: &a${level} [${below}]`;
    });
    expect(await mistakesOf(`${MAC}:\n${levels.join('\n')}\n`)).toEqual([
      expect.stringContaining('1:1: cannot be read'),
    ]);
    for (const sign of ['[', '- ', '? ', '  - ? : ']) {
      expect(await mistakesOf(sign.repeat(200_000))).toEqual(['1:1: has more than 64 levels in each other']);
    }
  });

  it('reads a large file in pieces, with the places of the whole', async () => {
    const text = `# many\n---\n${machines(1_500)}`;
    let pauses = 0;
    const read = await parsed(text, async () => {
      pauses += 1;
    });
    expect(read.ok && read.value.length).toBe(1_500);
    expect(pauses).toBeGreaterThan(10);
    const broken = text.replace('hostname: node-1200\n', 'hostname: "no host"\n');
    const line = broken.slice(0, broken.indexOf('"no host"')).split('\n').length;
    expect(await mistakesOf(broken)).toEqual([expect.stringMatching(new RegExp(`^${line}:13: /\\S+/hostname`))]);
    expect(await mistakesOf(`${text}02:00:00:00:00:05: {}`)).toHaveLength(2);
  }, 180_000);

  it('lists a bounded number of mistakes', async () => {
    const found = await mistakesOf(machines(3_000).replaceAll('hostname', 'host_name'));
    expect(found).toHaveLength(MAX_MISTAKES);
  });

  it('never throws, and never takes what it cannot place', async () => {
    const fragment = fc.constantFrom(
      MAC,
      ': ',
      '\n',
      '  ',
      'ipAddress',
      '10.0.0.1',
      '"',
      '[',
      '{',
      '&a',
      '*a',
      '---',
      '#',
    );
    const anything = fc.oneof(
      fc.array(fragment).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (text) => {
        const read = await parsed(text);
        if (read.ok) return;
        expect(read.fault.length).toBeGreaterThan(0);
        for (const { line, column } of read.fault) expect(Math.min(line, column)).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  }, 180_000);
});
