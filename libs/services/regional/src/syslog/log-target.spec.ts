import { expect, it } from 'vitest';
import type { Ipv4 } from '@rackwright/kernel';
import { logTargetFor } from './log-target.js';

const target = { address: '10.0.0.1' as Ipv4, port: 1_514 };
const publicUrl = 'http://boot.example.org:8081';

it('is where syslog is taken, or the host of the machine’s subnet', () => {
  expect(logTargetFor(target, { publicUrl, baseUrl: publicUrl })).toEqual({ host: '10.0.0.1', port: 1_514 });
  expect(logTargetFor(target, { publicUrl, baseUrl: 'http://10.9.0.1:8081' })).toEqual({
    host: '10.9.0.1',
    port: 1_514,
  });
});

it('is nowhere while nobody listens, or only this host could reach it', () => {
  expect(logTargetFor(undefined, { publicUrl, baseUrl: publicUrl })).toBeUndefined();
  const loopback = { ...target, address: '127.0.0.1' as Ipv4 };
  expect(logTargetFor(loopback, { publicUrl, baseUrl: publicUrl })).toBeUndefined();
});
