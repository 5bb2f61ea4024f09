import { describe, expect, it } from 'vitest';
import { loadConfig } from '@rackwright/platform';
import { checkRegionalConfig, regionalSettings, type RegionalConfig } from './config.js';

const required = { RW_IDC: 'dc1' };

function load(env: Readonly<Record<string, string>>) {
  const request = { name: 'regional', version: '0', settings: regionalSettings, check: checkRegionalConfig };
  return loadConfig(request, { argv: [], env: { ...required, ...env }, readTextFile: () => '' });
}

const earlier: readonly (readonly [name: string, text: string, means: Partial<RegionalConfig>])[] = [
  ['NF_LOG_LEVEL', 'debug', { logLevel: 'debug' }],
  ['SMEE_LOG_LEVEL', 'warn', { logLevel: 'warn' }],
  ['NF_DHCP_INTERFACE', 'eth1', { dhcpInterface: 'eth1' }],
  ['SMEE_DHCP_IFACE', 'eth2', { dhcpInterface: 'eth2' }],
  ['SMEE_TFTP_ENABLED', 'false', { tftpEnabled: false }],
  ['SMEE_TFTP_PORT', '6969', { tftpPort: 6_969 }],
  ['SMEE_HTTP_ADDR', '127.0.0.2', { httpHost: '127.0.0.2' }],
  ['SMEE_HTTP_PORT', '7080', { httpPort: 7_080 }],
];
const addresses = [
  ['NF_DHCP_TFTP_SERVER', 'nextServer'],
  ['SMEE_DHCP_TFTP_IP', 'nextServer'],
  ['SMEE_TFTP_ADDR', 'tftpAddress'],
] as const satisfies readonly (readonly [string, keyof RegionalConfig])[];

describe('names of the earlier systems', () => {
  it.each(earlier)('%s=%s still means the same', (name, text, means) => {
    expect(load({ [name]: text })).toMatchObject({ kind: 'config', config: means });
  });

  it.each(addresses)('%s still means the same', (name, property) => {
    expect(load({ [name]: '10.9.8.7' })).toMatchObject({ kind: 'config', config: { [property]: '10.9.8.7' } });
  });

  it('give way to ours', () => {
    const both = { RW_TFTP_PORT: '70', SMEE_TFTP_PORT: '71' };
    expect(load(both)).toMatchObject({ kind: 'config', config: { tftpPort: 70 } });
  });

  it('open no listener that ours would not', () => {
    expect(load({ SMEE_HTTP_ADDR: '0.0.0.0' })).toMatchObject({ kind: 'invalid' });
  });
});
