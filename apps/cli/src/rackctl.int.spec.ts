import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLab, type Lab } from '@rackwright/testing';

const stack = new AsyncDisposableStack();
let lab: Lab;
let region: string;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rackctl-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  lab = stack.use(await startLab());
  region = lab.regions.get('dc1')?.service.url ?? '';
  const subnet = {
    cidr: '10.88.0.0/24',
    pools: [{ start: '10.88.0.100', end: '10.88.0.199' }],
    gateway: '10.88.0.1',
    dns: ['10.88.0.53'],
  };
  const answer = await fetch(`${lab.controlPlane.url}/api/v1/subnets/dc1/replayed`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(subnet),
  });
  expect(answer.status).toBe(201);
});
afterAll(() => stack.disposeAsync());

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The command as it is installed. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The built program in a process of its own. */
function rackctl(server: string, ...argv: readonly string[]): Promise<Ran> {
  const env = { ...process.env, RW_SERVER: server };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...argv], { env, timeout: 120_000 }, (_, out, err) => {
      resolve({ status: child.exitCode ?? -1, out, err });
    });
  });
}

const described = [
  '--mac',
  '52:54:00:aa:00:01',
  '--arch',
  '7',
  '--relay',
  '127.0.0.1',
  '--link-selection',
  '10.88.0.1',
];

interface Explained {
  readonly request: { readonly packet: { readonly hex: string } };
  readonly decision: { readonly reason: string };
  readonly fields: readonly { readonly name: string; readonly value: string; readonly source: string }[];
}

async function explained(server: string, ...argv: readonly string[]): Promise<Explained> {
  const ran = await rackctl(server, '--json', 'boot', 'explain', ...described, ...argv);
  expect([ran.status, ran.err]).toEqual([0, '']);
  return JSON.parse(ran.out) as Explained;
}

const valueOf = ({ fields }: Explained, name: string): string =>
  fields.find((field) => field.name === name)?.value ?? '';

describe('rackctl against a running region', () => {
  it('explains a boot in words, with the origin of each value', async () => {
    const ran = await rackctl(region, 'boot', 'explain', ...described);
    expect([ran.status, ran.err]).toEqual([0, '']);
    expect(ran.out).toMatch(/^request +discover from 52:54:00:aa:00:01, pxe client, architecture 7$/m);
    expect(ran.out).toMatch(/^subnet +replayed \(10\.88\.0\.0\/24\)$/m);
    expect(ran.out).toMatch(/^dns +6 +10\.88\.0\.53 +the subnet \(replayed\)$/m);
    expect(ran.out).toMatch(/^yiaddr +10\.88\.0\.1\d\d +the pools of the subnet \(replayed\)$/m);
  });

  it('gets the same answer through the control plane', async () => {
    const [here, there] = [await explained(region), await explained(lab.controlPlane.url, '--idc', 'dc1')];
    expect([there.decision.reason, there.fields]).toEqual([here.decision.reason, here.fields]);
  });

  it('replays a conversation and a capture, and leases nothing', async () => {
    const discover = await explained(region);
    const [ip, server] = [valueOf(discover, 'yiaddr'), valueOf(discover, 'serverId')];
    const request = await explained(region, '--type', 'request', '--requested-ip', ip, '--server-id', server);
    const file = join(dir, 'boot.txt');
    await writeFile(file, `# two messages\n${discover.request.packet.hex}\n${request.request.packet.hex}\n`);
    const ran = await rackctl(lab.controlPlane.url, 'dhcp', 'replay', file);
    expect([ran.status, ran.err]).toEqual([0, '']);
    expect(ran.out).toMatch(new RegExp(`^2 +52:54:00:aa:00:01 +discover +offer +${ip} +\\S+ +offer-pool$`, 'm'));
    expect(ran.out).toMatch(new RegExp(`^3 +52:54:00:aa:00:01 +request +ack +${ip} +\\S+ +ack-offer$`, 'm'));

    const capture = fileURLToPath(new URL('../../../fixtures/dhcp/clients.pcap', import.meta.url));
    const recorded = await rackctl(region, 'dhcp', 'replay', capture);
    expect(recorded.out.match(/silence .*not-relayed$/gm)).toHaveLength(4);
    expect(recorded.out).toContain('4 of 6 shown; skipped: 1 fragment, 1 not-ipv4');

    const leases = await fetch(`${region}/api/v1/pxe/dhcp/leases`);
    expect(await leases.json()).toEqual([]);
  });

  it('ends with status 1 and the field that was refused, and with 1 when nobody is there', async () => {
    const refused = await rackctl(region, 'boot', 'explain', '--mac', 'nonsense');
    expect([refused.status, refused.out]).toEqual([1, '']);
    expect(refused.err).toContain('/mac: mac must be a unicast MAC address');
    const away = await rackctl('http://127.0.0.1:1', 'boot', 'explain', ...described);
    expect([away.status, away.err]).toEqual([1, expect.stringContaining('cannot reach http://127.0.0.1:1')]);
    expect((await rackctl(region, 'boot', 'explain')).status).toBe(2);
  });

  it('ends quietly when nobody reads on', async () => {
    const pipe = promisify(execFile)('bash', [
      '-c',
      `set -o pipefail; "$0" "$1" --help | true`,
      process.execPath,
      program,
    ]);
    expect(await pipe).toEqual({ stdout: '', stderr: '' });
  });
});
