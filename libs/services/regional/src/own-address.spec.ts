import type { Ipv4 } from '@rackwright/kernel';
import { describe, expect, it } from 'vitest';
import { withOwnAddress } from './own-address.js';

const ip = (text: string): Ipv4 => text as Ipv4;
const addressesOf = (name: string): readonly Ipv4[] => (name === 'eth1' ? [ip('10.9.0.1'), ip('10.9.1.1')] : []);
const given = { nextServer: ip('127.0.0.1'), httpHost: '127.0.0.1', httpPort: 8081, publicUrl: undefined };

describe('the addresses machines are told', () => {
  it('are those of the interface they are on, when none are set', () => {
    const config = { ...given, dhcpInterface: 'eth1', httpHost: '0.0.0.0' };
    expect(withOwnAddress(config, addressesOf)).toEqual({
      ...config,
      nextServer: '10.9.0.1',
      publicUrl: 'http://10.9.0.1:8081',
    });
  });

  it('are those that were set', () => {
    const config = { ...given, dhcpInterface: 'eth1', nextServer: ip('10.7.0.1'), publicUrl: 'http://boot.example' };
    expect(withOwnAddress(config, addressesOf)).toEqual(config);
  });

  it('stay as they are without an interface, or with one that has no address', () => {
    expect(withOwnAddress({ ...given, dhcpInterface: undefined }, addressesOf)).toMatchObject(given);
    expect(withOwnAddress({ ...given, dhcpInterface: 'eth2' }, addressesOf)).toMatchObject(given);
  });

  it('name the next server in the URL of a region that listens on every address', () => {
    const config = { ...given, dhcpInterface: undefined, nextServer: ip('10.7.0.1'), httpHost: '::' };
    expect(withOwnAddress(config, addressesOf).publicUrl).toBe('http://10.7.0.1:8081');
  });
});
