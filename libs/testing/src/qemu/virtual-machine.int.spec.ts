import { describe, expect, it } from 'vitest';
import { fleetIdentity } from '../machines/machine-identity.js';
import { PrivateNetwork } from './private-network.js';
import { VirtualMachine } from './virtual-machine.js';

const BOOT_WITHIN_MS = 120_000;

describe('VirtualMachine', () => {
  it('runs the boot ROM of its network card and tells of it on the serial port', async () => {
    await using network = await PrivateNetwork.create();
    await using machine = await VirtualMachine.powerOn({
      network,
      identity: fleetIdentity('qemu', 1),
      firmware: 'bios',
    });
    await machine.waitForSerial('iPXE initialising devices', BOOT_WITHIN_MS);
    await machine.powerOff();
    await expect(machine.waitForSerial('anything', BOOT_WITHIN_MS)).rejects.toThrow('qemu-001 is off');
  });

  it('says what was written when the expected text does not come', async () => {
    await using network = await PrivateNetwork.create();
    await using machine = await VirtualMachine.powerOn({
      network,
      identity: fleetIdentity('qemu', 2),
      firmware: 'bios',
    });
    await machine.waitForSerial('SeaBIOS', BOOT_WITHIN_MS);
    await expect(machine.waitForSerial('a miracle', 100)).rejects.toThrow(/qemu-002 writes a miracle[^]*SeaBIOS/);
  });
});
