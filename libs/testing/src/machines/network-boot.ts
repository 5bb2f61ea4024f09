import { firmwareOptions, ipxeOptions } from './client-options.js';
import { obtainLease, type ObtainedLease } from './dhcp-client.js';
import { runBootScript } from './ipxe-stage.js';
import type { BootTarget, NetworkBoot } from './boot-context.js';
import { fetchTftp, probeSize, TftpFailed } from './tftp-client.js';

/** The smallest thing that could be a boot loader; an error page is shorter. */
const MIN_BOOT_FILE_BYTES = 1_024;

/** Firmware, then iPXE: DHCP, boot file, DHCP again, script. */
export async function bootFromNetwork(boot: NetworkBoot): Promise<BootTarget> {
  await boot.enter('dhcp');
  const firmware = await obtainLease(boot.dhcp, firmwareOptions(boot.identity, boot.firmware), boot.signal);
  boot.note(`${firmware.ip} ${firmware.bootFile}`);
  if (firmware.bootFile === '') return { kind: 'disk' };
  await boot.enter('boot-file');
  if (!(await fetchBootFile(boot, firmware))) return { kind: 'disk' };
  await boot.enter('ipxe-dhcp');
  const ipxe = await obtainLease(boot.dhcp, ipxeOptions(boot.identity, boot.firmware), boot.signal);
  boot.note(`${ipxe.ip} ${ipxe.bootFile}`);
  if (ipxe.bootFile === '') return { kind: 'disk' };
  if (ipxe.bootFile === firmware.bootFile) throw new Error(`boot loop: iPXE was offered ${ipxe.bootFile} again`);
  if (ipxe.ip !== firmware.ip) throw new Error(`the address changed between stages: ${firmware.ip}, ${ipxe.ip}`);
  return runBootScript(boot, ipxe);
}

/** `false` when the file did not come: firmware then goes on with its next boot device. */
async function fetchBootFile(boot: NetworkBoot, lease: ObtainedLease): Promise<boolean> {
  const content = lease.bootFile.startsWith('http://')
    ? (await boot.http.call({ url: lease.bootFile })).body
    : await overTftp(boot, lease);
  if (content === undefined) return false;
  if (content.length < MIN_BOOT_FILE_BYTES) {
    throw new Error(`${lease.bootFile} has ${String(content.length)} bytes: not a boot loader`);
  }
  boot.note(`${lease.bootFile}: ${String(content.length)} bytes`);
  return true;
}

async function overTftp(boot: NetworkBoot, lease: ObtainedLease): Promise<Uint8Array | undefined> {
  const place = { address: lease.nextServer, port: boot.tftpPort, localAddress: loopbackAddressOf(lease) };
  const download = { ...place, filename: lease.bootFile };
  try {
    if (boot.traits.probesSize) await probeSize(download, boot.signal);
    return await fetchTftp(download, boot.signal);
  } catch (error) {
    if (!(error instanceof TftpFailed)) throw error;
    boot.note(error.message);
    return undefined;
  }
}

/** A loopback address that stands for the machine's own: 10.b.c.d becomes 127.b.c.d. */
function loopbackAddressOf({ ip }: ObtainedLease): string {
  return ip.replace(/^\d+/, '127');
}
