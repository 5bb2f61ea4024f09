import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertBindAllowed, isLoopback } from './bind-guard.js';
import { commonSettings } from './common-settings.js';
import { formatMistakes } from './config-mistake.js';
import { loadConfig, type ConfigInput, type LoadedConfig } from './load-config.js';
import { optionalSetting, requiredSetting, setting, type SettingTable } from './setting.js';
import { choice, duration, flag, integer, list, parsed, text, url } from './setting-type.js';

const settings = {
  ...commonSettings,
  dhcpInterface: requiredSetting({
    key: 'dhcp.interface',
    type: text('an interface name'),
    aliases: ['NF_DHCP_INTERFACE'],
    description: 'Where machines are.',
  }),
  mode: setting({ key: 'dhcp.mode', type: choice('server', 'proxy'), default: 'server', description: 'Mode.' }),
  leaseMs: setting({ key: 'dhcp.lease_time', type: duration(), default: 3_600_000, description: 'Lease time.' }),
  proxyAuto: setting({ key: 'dhcp.auto', type: flag(), default: false, description: 'Look for a server first.' }),
  token: optionalSetting({ key: 'agent.token', type: text(), secret: true, description: 'Shared secret.' }),
  servers: setting<readonly string[]>({ key: 'dhcp.dns', type: list(text()), default: [], description: 'DNS.' }),
};

function load(
  input: Partial<ConfigInput>,
  files: Readonly<Record<string, string>> = {},
): LoadedConfig<typeof settings> {
  return loadConfig(
    {
      name: 'regional',
      version: '1.2.3',
      settings,
      check: ({ httpHost, auth }) => assertBindAllowed(httpHost, auth),
    },
    {
      argv: [],
      env: {},
      readTextFile: (path) => {
        const content = files[path];
        if (content === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
        return content;
      },
      ...input,
    },
  );
}

function configOf(loaded: LoadedConfig<typeof settings>) {
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

function mistakesOf(loaded: LoadedConfig<SettingTable> | LoadedConfig<typeof settings>): readonly string[] {
  return loaded.kind === 'invalid' ? loaded.mistakes.map(({ where, detail }) => `${where}: ${detail}`) : [];
}

const IFACE = { RW_DHCP_INTERFACE: 'eth1' };

describe('loadConfig', () => {
  it('takes defaults, then file, then environment, then flags', () => {
    const files = { '/c.yaml': 'http:\n  port: 1\ndhcp:\n  interface: a\n  mode: proxy\n  lease_time: 90s\n' };
    const config = configOf(
      load(
        { argv: ['--config', '/c.yaml', '--http-port=3'], env: { RW_HTTP_PORT: '2', RW_DHCP_INTERFACE: 'b' } },
        files,
      ),
    );
    expect(config).toMatchObject({
      httpHost: '127.0.0.1',
      httpPort: 3,
      dhcpInterface: 'b',
      mode: 'proxy',
      leaseMs: 90_000,
      token: undefined,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('keeps the names of the earlier systems as aliases, ours first', () => {
    expect(configOf(load({ env: { NF_DHCP_INTERFACE: 'old' } })).dhcpInterface).toBe('old');
    expect(configOf(load({ env: { NF_DHCP_INTERFACE: 'old', ...IFACE } })).dhcpInterface).toBe('eth1');
  });

  it('reads the config file that RW_CONFIG names and treats empty variables as not set', () => {
    const env = { RW_CONFIG: '/c.yaml', RW_HTTP_PORT: '' };
    expect(configOf(load({ env }, { '/c.yaml': 'dhcp: {interface: x}\nhttp: {port: 99}' })).httpPort).toBe(99);
  });

  it('reads secrets from files', () => {
    const env = { ...IFACE, RW_AGENT_TOKEN_FILE: '/run/t' };
    expect(configOf(load({ env }, { '/run/t': 's3cret\n' })).token).toBe('s3cret');
    expect(mistakesOf(load({ env }))).toEqual([expect.stringContaining('RW_AGENT_TOKEN_FILE: cannot read /run/t')]);
    expect(mistakesOf(load({ env: { ...env, RW_AGENT_TOKEN: 'x' } }))).toEqual([
      'RW_AGENT_TOKEN: given twice: set either RW_AGENT_TOKEN or RW_AGENT_TOKEN_FILE',
    ]);
  });

  it('reports every mistake together, each with the key as it was given and the expected form', () => {
    const files = { '/c.yaml': 'http:\n  prot: 80\n  host: {a: 1}\ndhcp:\n  mode: relay\nextra: 1\n' };
    const loaded = load(
      { argv: ['--config', '/c.yaml', '--http-port', 'eighty', '--nope', 'stray'], env: { RW_LOG_LEVEL: 'loud' } },
      files,
    );
    expect(new Set(mistakesOf(loaded))).toEqual(
      new Set([
        'http.prot in /c.yaml line 2: no such setting',
        'http.host in /c.yaml line 3: expected a value or a list of values, found a map',
        'extra in /c.yaml line 6: no such setting',
        '--nope: no such flag; see --help',
        '--http-port: expected a whole number from 0 to 65535, found "eighty"',
        'RW_LOG_LEVEL: expected one of debug, info, warn, error, silent, found "loud"',
        'RW_DHCP_INTERFACE (or --dhcp-interface, or dhcp.interface in the file): required: an interface name (Where machines are.)',
        'dhcp.mode in /c.yaml line 5: expected one of server, proxy, found "relay"',
      ]),
    );
    expect(formatMistakes(loaded.kind === 'invalid' ? loaded.mistakes : [])).toMatch(
      /^8 mistakes in the configuration:/,
    );
  });

  it.each([
    ['[1, 2]', 'expected a map of settings'],
    ['http: {port: 1, port: 2}', 'unique'],
    ['http: [', 'Flow sequence'],
    ['__proto__: {x: 1}', 'no such setting'],
    ['http: 3', 'no such setting'],
  ])('refuses the YAML %j', (yaml, expected) => {
    const found = mistakesOf(load({ argv: ['--config=/c.yaml'], env: IFACE }, { '/c.yaml': yaml }));
    expect(found.join('\n')).toContain(expected);
  });

  it('names a missing config file and a flag without its value', () => {
    expect(mistakesOf(load({ argv: ['--config', '/none'], env: IFACE })).join()).toContain(
      '--config: cannot read /none',
    );
    expect(mistakesOf(load({ argv: ['--http-port'], env: IFACE })).join()).toContain('--http-port');
  });

  it('never shows a secret, in mistakes or in --print-config', () => {
    const bad = load({ env: { ...IFACE, RW_AGENT_TOKEN: 'hunter2\u0007' } });
    expect(JSON.stringify(bad)).not.toContain('hunter2');
    const printed = load({ argv: ['--print-config'], env: { ...IFACE, RW_AGENT_TOKEN: 'hunter2' } });
    expect(printed.kind === 'print' && printed.text).toContain('token: (hidden) # RW_AGENT_TOKEN');
    expect(printed.kind === 'print' && printed.text).toContain('port: 8080 # default');
    expect(JSON.stringify(printed)).not.toContain('hunter2');
  });

  it('prints a configuration that loads again to the same values', () => {
    const argv = ['--print-config', '--dhcp-lease-time=90s', '--dhcp-dns=1.1.1.1,9.9.9.9', '--dhcp-auto'];
    const printed = load({ argv, env: IFACE });
    const again = configOf(load({ argv: ['--config=/p'] }, { '/p': printed.kind === 'print' ? printed.text : '' }));
    expect(again).toEqual(configOf(load({ argv: argv.slice(1), env: IFACE })));
    expect(again).toMatchObject({ leaseMs: 90_000, servers: ['1.1.1.1', '9.9.9.9'], proxyAuto: true });
  });

  it('lists every setting in --help with its names, default and meaning', () => {
    const help = load({ argv: ['--help'] });
    if (help.kind !== 'print') throw new Error('no help');
    for (const { env, flag: name, key, description, aliases } of Object.values(settings)) {
      for (const part of [env, `--${name}`, key, description, ...aliases]) expect(help.text).toContain(part);
    }
    expect(help.text).toContain('Default: 1h.');
    expect(load({ argv: ['--version'] })).toEqual({ kind: 'print', text: 'regional 1.2.3\n' });
  });

  it('points out RW_ variables that mean nothing', () => {
    const loaded = load({ env: { ...IFACE, RW_HTP_PORT: '1', PATH: '/bin' } });
    expect(loaded.kind === 'config' && loaded.unknownVariables).toEqual(['RW_HTP_PORT']);
  });

  it('never throws, whatever the file says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (yaml) => {
        const { kind } = load({ argv: ['--config=/c.yaml'] }, { '/c.yaml': yaml });
        expect(kind).toBe('invalid');
      }),
    );
  });
});

describe('setting types', () => {
  it.each([
    [duration(), '15m', 900_000],
    [duration(), '15', undefined],
    [flag(), 'Yes', true],
    [flag(), 'toString', undefined],
    [integer(1, 9), '0x3', undefined],
    [integer(1, 9), '9', 9],
    [url('http'), 'ftp://x', undefined],
    [url('http'), 'http://[::1]:1', 'http://[::1]:1'],
    [text(), 'a\nb', undefined],
    [list(integer(1, 9)), '1, 2,', [1, 2]],
    [list(integer(1, 9)), ['3', 'x'], undefined],
    [parsed('dc1', (value) => (value === 'dc1' ? value : undefined)), 'dc1', 'dc1'],
    [text(), ['a'], undefined],
  ] as const)('%o parses %j as %j', (type, raw, expected) => {
    expect(type.parse(raw)).toEqual(expected);
  });
});

describe('assertBindAllowed', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])('allows %s', (host) => {
    expect(isLoopback(host)).toBe(true);
    expect(assertBindAllowed(host, 'none')).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.evil.example'])('refuses %s', (host) => {
    expect(assertBindAllowed(host, 'off-i-understand')).toEqual([]);
    expect(mistakesOf(load({ env: { ...IFACE, RW_HTTP_HOST: host } })).join()).toMatch(
      /^RW_HTTP_HOST: .*RW_AUTH=off-i-understand/,
    );
  });
});
