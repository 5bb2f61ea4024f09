import { expect, it } from 'vitest';
import { findProfile, builtinProfiles, type Profile } from '@rackwright/domain-provisioning';
import { approvedTask, mac } from '../region-rig.spec.js';
import { installScript, ownScript } from './boot-scripts.js';

const baseUrl = 'http://10.0.0.1:8081';
const log = { host: '10.0.0.1', port: 1_514 };

function profileOf(name: string): Profile {
  const profile = findProfile(builtinProfiles, { profile: name, os_type: name, os_version: '' });
  if (profile === undefined) throw new Error(`no profile ${name}`);
  return profile;
}

function kernelLine(profile: string, to?: typeof log): string {
  const script = installScript({ task: { ...approvedTask(), profile }, profile: profileOf(profile), baseUrl, log: to });
  const text = script.ok ? script.value : '';
  return text.split('\n').find((line) => line.startsWith('kernel ')) ?? '';
}

it.each([
  ['debian-12', ' log_host=10.0.0.1 log_port=1514'],
  ['rocky-9', ' inst.syslog=10.0.0.1:1514'],
])('sends the log of the installer of %s to the region, when that takes it', (profile, args) => {
  expect(kernelLine(profile, log)).toContain(args);
  expect(kernelLine(profile)).not.toMatch(/log_host|syslog/);
});

it('writes the script of the machine itself as it is, with what makes it one', () => {
  expect(ownScript({ text: 'shell' }, baseUrl, mac)).toEqual({ ok: true, value: '#!ipxe\nshell\n' });
  expect(ownScript({ text: '#!ipxe\nexit\n' }, baseUrl, mac)).toEqual({ ok: true, value: '#!ipxe\nexit\n' });
  const chained = ownScript({ url: 'http://10.0.0.9/menu.ipxe' }, baseUrl, mac);
  expect(chained.ok && chained.value).toMatch(/^#!ipxe\nchain --replace --autofree http:\/\/10\.0\.0\.9\/menu\.ipxe /);
});
