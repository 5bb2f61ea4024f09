import { formatMac } from '@rackwright/kernel';
import { findBinary, fleetIdentity, VirtualMachine, type LaunchedProcess } from '@rackwright/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFirmwareSite, type FirmwareSite } from './firmware-site.js';
import { SegmentHost } from './segment-host.js';

/** Software emulation of two machines on two shared cores. */
const FIRMWARE_WITHIN_MS = 500_000;

const firmwares = ['bios', 'uefi'] as const;
type Firmware = (typeof firmwares)[number];

const stack = new AsyncDisposableStack();
const machines = new Map<Firmware, VirtualMachine>();
let site: FirmwareSite;
let dnsmasq: LaunchedProcess;

/** A region that gives no address, and beside it the DHCP server of somebody else, which knows of no boot. */
beforeAll(async () => {
  site = stack.use(await startFirmwareSite({ RW_DHCP_MODE: 'auto-proxy' }));
  const router = stack.use(await SegmentHost.create());
  await router.plugInto(site.network);
  await router.ip('address', 'add', '10.99.0.3/24', 'dev', 'eth0');
  const installHint = 'apt-get install dnsmasq-base';
  dnsmasq = stack.use(
    await router.start({
      command: findBinary('dnsmasq', installHint),
      args: [
        ...['--keep-in-foreground', '--port=0', '--conf-file=/dev/null', '--log-dhcp', '--log-facility=-'],
        ...['--dhcp-range=10.99.0.200,10.99.0.220', '--dhcp-authoritative', '--dhcp-leasefile=/dev/null'],
      ],
      installHint,
    }),
  );
  for (const firmware of firmwares) {
    const identity = fleetIdentity(`proxy-${firmware}`, 1);
    machines.set(firmware, stack.use(await VirtualMachine.powerOn({ network: site.network, identity, firmware })));
  }
});
afterAll(() => stack.disposeAsync());

describe('a region in proxy mode beside a DHCP server of somebody else', () => {
  it.each(firmwares)(
    'D37 %s: a machine boots with the address of the one and the boot file of the other',
    async (firmware) => {
      const machine = machines.get(firmware);
      if (machine === undefined) throw new Error(`no ${firmware} machine runs`);
      const mac = formatMac(machine.identity.mac);
      await machine.waitForSerial(`${mac} is known and waits`, FIRMWARE_WITHIN_MS).catch((cause: unknown) => {
        const logs = [dnsmasq, site.regional].map((server) => server.output().slice(-4_000));
        throw new Error(logs.join('\n'), { cause });
      });
      const serial = await machine.serial();
      expect(serial).toMatch(/net0: 10\.99\.0\.2[0-2]\d\/255\.255\.255\.0/);
      expect(serial).toContain(`Filename: http://10.99.0.1:8081/boot/${machine.identity.mac}/boot.ipxe`);
      // D41: what it was given first it was not given again.
      expect(serial.split('initialising devices')).toHaveLength(2);
      if (firmware === 'uefi') expect(serial).toMatch(/NBP filename is ipxe\.efi/);
      expect(dnsmasq.output()).toContain(`DHCPACK(eth0) 10.99.0.2`);
    },
  );

  it('gives no address away', async () => {
    const response = await fetch(`${site.regional.url}/api/v1/pxe/dhcp/leases`);
    expect(await response.json()).toEqual([]);
  });
});
