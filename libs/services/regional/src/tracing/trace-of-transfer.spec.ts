import { expect, it } from 'vitest';
import { parseIpv4, parseMac, type Ipv4, type Mac } from '@rackwright/kernel';
import { BootTraces } from './boot-traces.js';
import { traceOfTransfer } from './trace-of-transfer.js';

const mac = parseMac('52:54:00:aa:00:01') as Mac;
const leased = parseIpv4('10.0.0.5') as Ipv4;
const former = parseIpv4('10.0.0.6') as Ipv4;
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const lease = { subnet: 'lan', mac, expiresAt: 0, version: 1 } as const;

function traceOf(filename: string, client: Ipv4 = parseIpv4('10.0.0.9') as Ipv4): string | undefined {
  const traces = new BootTraces();
  traces.begin(mac, traceparent);
  const states = new Map([
    [leased, 'active'],
    [former, 'expired'],
  ] as const);
  const find = (ip: Ipv4) => {
    const state = states.get(ip);
    return state === undefined ? undefined : ({ ...lease, ip, state } as never);
  };
  return traceOfTransfer({ filename, client }, { traces, leases: { find } });
}

it.each([
  '52:54:00:aa:00:01/ipxe.efi',
  '/52-54-00-AA-00-01/x',
  'pxelinux.cfg/01-52-54-00-aa-00-01',
  'grub/grub.cfg-01-52-54-00-aa-00-01',
])('a transfer of %s belongs to the boot of the machine in its name', (filename) => {
  expect(traceOf(filename)).toBe(traceparent);
});

it('belongs to the boot of the machine that has the address, if there is no machine in the name', () => {
  expect(traceOf('ipxe.efi', leased)).toBe(traceparent);
  expect(traceOf('ipxe.efi', former)).toBeUndefined();
  expect(traceOf('ipxe.efi')).toBeUndefined();
  expect(traceOf('52:54:00:aa:00:02/ipxe.efi', leased)).toBeUndefined();
});
