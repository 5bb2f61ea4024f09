import { describe, expect, it } from 'vitest';
import { loadConfig } from '@rackwright/platform';
import { bootFilesOf, checkDhcpSettings, dhcpSettings, listenAddress } from './dhcp-settings.js';

function load(env: Readonly<Record<string, string>>) {
  return loadConfig(
    { name: 'regional', version: '0', settings: dhcpSettings, check: checkDhcpSettings },
    { argv: [], env, readTextFile: () => '' },
  );
}

function mistakes(env: Readonly<Record<string, string>>): readonly string[] {
  const loaded = load(env);
  return loaded.kind === 'invalid' ? loaded.mistakes.map(({ where, detail }) => `${where}: ${detail}`) : [];
}

const reachable = { RW_DHCP_ADDRESS: '10.0.0.2', RW_NEXT_SERVER: '10.0.0.2' };

describe('DHCP settings', () => {
  it.each(['server', 'reservation', 'proxy', 'auto-proxy'])(
    '%s mode does not start without an interface or relays',
    (mode) => {
      expect(mistakes({ RW_DHCP_MODE: mode })).toEqual([expect.stringContaining('RW_DHCP_RELAYS')]);
      expect(mistakes({ RW_DHCP_MODE: mode, RW_DHCP_INTERFACE: 'eth1' })).toEqual([]);
      expect(mistakes({ RW_DHCP_MODE: mode, RW_DHCP_RELAYS: '10.0.0.1, 10.1.0.0/16', ...reachable })).toEqual([]);
    },
  );

  it('with relays elsewhere our own addresses are not those of loopback', () => {
    const relayed = { RW_DHCP_MODE: 'server', RW_DHCP_RELAYS: '127.0.0.1, 10.0.0.1' };
    expect(mistakes(relayed)).toEqual([
      expect.stringMatching(/^RW_DHCP_ADDRESS: 127\.0\.0\.1 is reached by nobody else/),
      expect.stringMatching(/^RW_NEXT_SERVER: 127\.0\.0\.1 is reached by nobody else/),
    ]);
    expect(mistakes({ ...relayed, ...reachable, RW_DHCP_ADDRESS: '0.0.0.0' })).toEqual([]);
    expect(mistakes({ ...relayed, RW_DHCP_MODE: 'off' })).toEqual([]);
    expect(mistakes({ ...relayed, RW_DHCP_RELAYS: '127.0.0.0/8' })).toEqual([]);
  });

  it('is off and on loopback unless told otherwise', () => {
    const loaded = load({});
    if (loaded.kind !== 'config') throw new Error('not loaded');
    expect([loaded.config.dhcpMode, listenAddress(loaded.config)]).toEqual(['off', '127.0.0.1']);
  });

  it('reads boot files by architecture, and refuses what is none', () => {
    const loaded = load({ RW_BOOT_FILES: '7=snponly.efi,21=pxelinux.cfg/01-{mac}' });
    if (loaded.kind !== 'config') throw new Error('not loaded');
    expect(bootFilesOf(loaded.config)).toEqual({ 7: 'snponly.efi', 21: 'pxelinux.cfg/01-{mac}' });
    expect(mistakes({ RW_BOOT_FILES: '7=../etc/passwd' })).toHaveLength(1);
    expect(mistakes({ RW_DHCP_RELAYS: '10.0.0.1/8' })).toHaveLength(1);
  });
});
