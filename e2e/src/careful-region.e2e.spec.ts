import { PacketCapture, waitFor, type LaunchedProcess } from '@rackwright/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readReplyFrame } from './dhcp-frames.js';
import { startFirmwareSite, type FirmwareSite } from './firmware-site.js';
import { SegmentHost } from './segment-host.js';

const ADDRESS_WITHIN_MS = 90_000;

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

async function startSite(
  settings: Readonly<Record<string, string>>,
  without?: readonly string[],
): Promise<FirmwareSite> {
  return stack.use(await startFirmwareSite(settings, without));
}

async function plugIn(site: FirmwareSite): Promise<SegmentHost> {
  const host = stack.use(await SegmentHost.create());
  await host.plugInto(site.network);
  return host;
}

async function udhcpcOn(host: SegmentHost): Promise<LaunchedProcess> {
  const args = ['-f', '-i', 'eth0', '-s', '/bin/true', '-R', '-t', '90', '-T', '1'];
  return stack.use(await host.start({ command: 'udhcpc', args, installHint: 'apt-get install udhcpc' }));
}

async function addressOf(client: LaunchedProcess): Promise<string> {
  const expectation = { what: 'an address', deadlineMs: ADDRESS_WITHIN_MS };
  const [, address = ''] = await waitFor(
    () => /lease of (\S+) obtained from/.exec(client.output()) ?? undefined,
    expectation,
  );
  return address;
}

/** The address that a machine with the card of `host` would be offered now. */
async function foreseenOffer(site: FirmwareSite, host: SegmentHost): Promise<string> {
  const response = await fetch(`${site.regional.url}/api/v1/boot/explain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mac: await host.hardwareAddress(), client: 'os' }),
  });
  const { reply } = (await response.json()) as { readonly reply?: { readonly yiaddr: string } };
  if (reply === undefined) throw new Error(`no offer: ${String(response.status)}`);
  return reply.yiaddr;
}

describe('a region that takes care', () => {
  it('in a dry run says what it would send, and sends nothing: no reply, no probe', async () => {
    const site = await startSite({ RW_DHCP_DRY_RUN: 'true', RW_DHCP_PROBE_TIME: '200ms' });
    const { networkNamespace, bridge } = site.network;
    const sent = { networkNamespace, interfaceName: bridge, direction: 'out', filter: 'ip or arp' } as const;
    await using capture = await PacketCapture.start(sent);
    const host = await plugIn(site);
    const client = await udhcpcOn(host);
    const mac = await host.hardwareAddress();
    const told = (): number =>
      site.regional
        .output()
        .split('\n')
        .filter((line) => line.includes('dry run') && line.includes(mac)).length;
    await waitFor(() => told() >= 2, { what: 'two requests in the log', deadlineMs: ADDRESS_WITHIN_MS });
    expect(client.output()).not.toContain('obtained');
    expect(await capture.describe()).toBe('');
    // What does leave is heard: an answer to somebody who asks for a file.
    await host.ip('address', 'add', '10.99.0.30/24', 'dev', 'eth0');
    const args = ['-sS', `http://${site.network.gateway}:8081/health`];
    await using curl = await host.start({ command: 'curl', args, installHint: 'apt-get install curl' });
    await curl.exited;
    await capture.waitForFrames(1, 'an answer on the wire');
  });

  it('D47 does not offer an address that somebody uses without asking', async () => {
    const site = await startSite({ RW_DHCP_PROBE_TIME: '2s' });
    const [host, squatter] = [await plugIn(site), await plugIn(site)];
    const taken = await foreseenOffer(site, host);
    await squatter.ip('address', 'add', `${taken}/24`, 'dev', 'eth0');
    const client = await udhcpcOn(host);
    const address = await addressOf(client);
    expect(address).toMatch(/^10\.99\.0\.\d+$/);
    expect(address).not.toBe(taken);
    const told = 'an address of a pool is used by somebody it was not given to';
    await waitFor(() => site.regional.output().includes(told), { what: 'it is in the log' });
  });

  it('D8 without CAP_NET_RAW broadcasts and offers unasked, saying each once', async () => {
    const site = await startSite({ RW_DHCP_PROBE_TIME: '500ms' }, ['net_raw']);
    const host = await plugIn(site);
    const listen = { networkNamespace: host.name, interfaceName: 'eth0', filter: 'udp dst port 68' };
    await using replies = await PacketCapture.start({ ...listen, direction: 'in' });
    const offered = await addressOf(await udhcpcOn(host));
    const reply = { toCard: 'ff:ff:ff:ff:ff:ff', toAddress: '255.255.255.255', offered };
    // An offer and an acknowledgement, each as often as the client asked for it.
    for (const frame of await replies.waitForFrames(2, 'both replies')) expect(readReplyFrame(frame)).toEqual(reply);
    for (const text of ['no frames can be sent', 'addresses cannot be probed']) {
      await waitFor(() => site.regional.output().includes(text), { what: text });
      expect(site.regional.output().split(text)).toHaveLength(2);
    }
  });
});
