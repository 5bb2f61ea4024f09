import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort, launchService, waitFor, type ServiceProcess } from '@rackwright/testing';

let directory: string;
let region: ServiceProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rackwright-site-'));
});

afterEach(async () => {
  await region?.[Symbol.asyncDispose]();
  region = undefined;
  await rm(directory, { recursive: true, force: true });
});

const mac = '02:70:00:00:00:01';
const machine = (menu: string): string =>
  `${mac}:\n  ipAddress: 10.70.0.5\n  subnetMask: 255.255.255.0\n` +
  `  netboot: {allowPxe: true, ipxeScriptUrl: "http://10.70.0.1/${menu}.ipxe"}\n`;

it('serves from a site file on a host without etcd and NATS, and takes edits and refuses bad ones', async () => {
  const path = join(directory, 'machines.yaml');
  await writeFile(path, machine('one'));
  const nowhere = await freePort();
  region = await launchService({
    app: 'regional',
    env: {
      RW_IDC: 'dc1',
      RW_STATE_DIR: join(directory, 'state'),
      RW_ASSET_DIR: join(directory, 'assets'),
      RW_ETCD_ENDPOINTS: `http://127.0.0.1:${nowhere}`,
      RW_NATS_URL: `nats://127.0.0.1:${nowhere}`,
      RW_SITE_BACKEND: 'file',
      RW_SITE_FILE: path,
      RW_DHCP_MODE: 'off',
      RW_TFTP_PORT: String(await freePort()),
    },
  });
  const { url } = region;
  const script = async (): Promise<string> => (await fetch(`${url}/boot/${mac}/boot.ipxe`)).text();
  expect(await script()).toContain('http://10.70.0.1/one.ipxe');
  await writeFile(path, machine('two'));
  await waitFor(async () => (await script()).includes('/two.ipxe'), { what: 'the edit applies' });
  await writeFile(path, `${machine('three')}  hostname: "no host"\n`);
  await waitFor(async () => (await (await fetch(`${url}/api/v1/invalid-records`)).text()).includes(`${path}:5:13`), {
    what: 'the mistake is listed',
  });
  expect(await script()).toContain('/two.ipxe');
  const output = (): string => region?.output() ?? '';
  await waitFor(() => output().includes(`${path}:5:13: /${mac}/hostname`), { what: 'the mistake is in the log' });
});
