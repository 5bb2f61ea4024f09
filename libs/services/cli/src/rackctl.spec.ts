import { readFileSync } from 'node:fs';
import type { BootExplanation, BootReplay } from '@rackwright/contracts';
import type { Idc, Instant } from '@rackwright/kernel';
import { encodeDhcp, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import { describe, expect, it } from 'vitest';
import { runRackctl } from './run-rackctl.js';

interface Asked {
  readonly url: string;
  readonly body: Record<string, unknown>;
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly Asked[];
}

interface Surroundings {
  readonly answer?: (asked: Asked) => { readonly status: number; readonly json?: unknown; readonly text?: string };
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
}

async function rackctl(argv: readonly string[], { answer, env = {}, files = {} }: Surroundings = {}): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const asked: Asked[] = [];
  const status = await runRackctl({
    version: '1.2.3',
    argv,
    env,
    print: (text) => out.push(text),
    printError: (text) => err.push(text),
    readFile: async (path) => {
      const file = files[path];
      if (file === undefined) throw new Error('ENOENT: no such file or directory');
      return Buffer.from(file as string);
    },
    fetch: async (url, init) => {
      if (answer === undefined) throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
      const call = { url: url as string, body: JSON.parse(init?.body as string) as Record<string, unknown> };
      asked.push(call);
      const { status: code, json, text } = answer(call);
      return new Response(text ?? JSON.stringify(json), { status: code });
    },
    deadline: () => new AbortController().signal,
  });
  return { status, out: out.join(''), err: err.join(''), asked };
}

const at = '2026-01-01T00:00:00.000Z' as Instant;
const silence = (reason: string): BootExplanation => ({
  idc: 'dc1' as Idc,
  at,
  decision: { kind: 'silence', reason },
  fields: [],
});
const offer: BootExplanation = {
  idc: 'dc1' as Idc,
  at,
  decision: { kind: 'reply', type: 'offer', reason: 'offer-pool', to: 'relay 10.77.0.1:67', change: 'hold 10.77.1.4' },
  subnet: { name: 'lan', cidr: '10.77.0.0/16' as never },
  fields: [
    { name: 'yiaddr', value: '10.77.1.4', source: 'pool', origin: 'the pools of the subnet (lan)' },
    { name: 'dns', option: 6, value: '10.77.0.53', source: 'subnet', origin: 'the subnet (lan)' },
  ],
  script: { script: 'wait', reason: 'machine-unknown' },
};
const explains = (explanation: BootExplanation) => () => ({ status: 200, json: explanation });

describe('rackctl boot explain', () => {
  const explain = ['boot', 'explain', '--mac', '52:54:00:aa:00:01'];

  it('sends what it was told and prints the answer in words', async () => {
    const argv = [...explain, '--arch', '7', '--user-class', 'iPXE', '--relay', '10.77.0.1', '--circuit-id', '0a'];
    const ran = await rackctl(argv, { answer: explains(offer), env: { RW_SERVER: 'http://region:8081/' } });
    expect(ran.asked).toEqual([
      {
        url: 'http://region:8081/api/v1/boot/explain',
        body: {
          ...{ mac: '52:54:00:aa:00:01', arch: 7, user_class: 'iPXE', giaddr: '10.77.0.1' },
          relay: { circuit_id: '0a' },
        },
      },
    ]);
    expect([ran.status, ran.err]).toEqual([0, '']);
    expect(ran.out).toBe(
      [
        'subnet    lan (10.77.0.0/16)',
        'answer    offer: offer-pool, to relay 10.77.0.1:67',
        'changes   would hold 10.77.1.4',
        'script    wait: machine-unknown',
        '',
        'FIELD   OPTION  VALUE       ORIGIN',
        'yiaddr          10.77.1.4   the pools of the subnet (lan)',
        'dns     6       10.77.0.53  the subnet (lan)',
        '',
      ].join('\n'),
    );
  });

  it('prints JSON where asked, and takes a packet with blanks', async () => {
    const argv = ['boot', 'explain', '--packet', '01 01:06', '--idc', 'dc2', '--json', '--server', 'http://x'];
    const ran = await rackctl(argv, { answer: explains(silence('packet-too-short')) });
    expect(ran.asked[0]?.body).toEqual({ packet: '010106', idc: 'dc2' });
    expect(JSON.parse(ran.out)).toEqual(silence('packet-too-short'));
  });

  it('says which field the server refused, with status 1', async () => {
    const json = {
      code: 'invalid-request',
      detail: 'Invalid body: mac must be a MAC',
      errors: [{ pointer: '/mac', detail: 'mac must be a MAC' }],
    };
    const ran = await rackctl(explain, { answer: () => ({ status: 400, json }) });
    expect([ran.status, ran.err, ran.out]).toEqual([
      1,
      'rackctl: Invalid body: mac must be a MAC (invalid-request)\n  /mac: mac must be a MAC\n',
      '',
    ]);
  });

  it('says where it looked when nobody is there, or somebody else', async () => {
    const away = await rackctl(explain);
    expect([away.status, away.err]).toEqual([
      1,
      'rackctl: cannot reach http://127.0.0.1:8080: connect ECONNREFUSED (--server or RW_SERVER says where)\n',
    ]);
    const other = await rackctl(explain, { answer: () => ({ status: 200, text: '<html>' }) });
    expect(other.err).toContain('is it Rackwright?');
  });

  it.each([
    [['boot', 'explain'], "give '--mac <mac>' or '--packet <hex>'"],
    [['boot', 'explain', '--arch', 'x'], 'must be a whole number'],
    [['boot', 'explain', '--client', 'windows'], 'Allowed choices'],
    [['boot', 'explain', '--surprise'], 'unknown option'],
    [['explode'], 'unknown command'],
    [['dhcp', 'replay'], "missing required argument 'file'"],
    [['dhcp', 'replay', 'f', '--limit', '0'], 'whole number from 1'],
  ])('ends %j with status 2 and a hint', async (argv, hint) => {
    const ran = await rackctl(argv, { answer: explains(offer) });
    expect([ran.status, ran.err, ran.asked]).toEqual([2, expect.stringContaining(hint), []]);
  });

  it('explains itself with status 0', async () => {
    expect(await rackctl(['boot', 'explain', '--help'])).toMatchObject({
      status: 0,
      out: expect.stringContaining('Examples:') as string,
    });
    expect(await rackctl(['--version'])).toMatchObject({ status: 0, out: '1.2.3\n', err: '' });
  });
});

const message = (number: number, change: Partial<DhcpPacket> = {}): Uint8Array =>
  encodeDhcp({
    ...{ op: 1, htype: 1, hlen: 6, hops: 0, xid: number, secs: 0, flags: 0, sname: '', file: '' },
    ...({ ciaddr: '0.0.0.0', yiaddr: '0.0.0.0', siaddr: '0.0.0.0', giaddr: '0.0.0.0' } as unknown as DhcpPacket),
    chaddr: Uint8Array.from({ length: 16 }, (_, index) => (index === 5 ? number : index === 0 ? 2 : 0)),
    options: new Map([[53, Uint8Array.of(change.op === 2 ? 2 : 1)]]),
    ...change,
  });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function replays(asked: Asked): { status: number; json: BootReplay } {
  const packets = asked.body['packets'] as readonly unknown[];
  return { status: 200, json: { explanations: packets.map(() => silence('no-subnet')) } };
}

describe('rackctl dhcp replay', () => {
  it('asks about the requests of a text file and shows what a server answered then', async () => {
    const reply = message(1, { op: 2, yiaddr: '10.0.0.9' as never });
    const text = `# first boot\n${hex(message(1))}  # DISCOVER\n\n${hex(reply)}\n`;
    const ran = await rackctl(['dhcp', 'replay', 'boot.txt'], { answer: replays, files: { 'boot.txt': text } });
    expect(ran.asked.map(({ url, body }) => [url, body])).toEqual([
      ['http://127.0.0.1:8080/api/v1/boot/replay', { packets: [{ packet: hex(message(1)), service: 'dhcp' }] }],
    ]);
    expect([ran.status, ran.out]).toEqual([
      0,
      [
        '#  MACHINE  MESSAGE     ANSWER    ADDRESS   BOOT  WHY',
        '2           unreadable  silence                   no-subnet',
        '4           DHCPOFFER   recorded  10.0.0.9        from the file',
        '',
        '2 of 5 shown',
        '',
      ].join('\n'),
    ]);
  });

  it('asks about the requests of a capture, and counts what is none', async () => {
    const fixture = (name: string) => new URL(`../../../../fixtures/dhcp/${name}`, import.meta.url);
    const { vectors } = JSON.parse(readFileSync(fixture('clients.json'), 'utf8')) as { vectors: { hex: string }[] };
    const files = { 'clients.pcap': readFileSync(fixture('clients.pcap')) };
    const ran = await rackctl(['--json', 'dhcp', 'replay', 'clients.pcap'], { answer: replays, files });
    expect(ran.asked.map(({ body }) => body)).toEqual([
      { packets: vectors.map((vector) => ({ packet: vector.hex, service: 'dhcp', source_port: 68 })) },
    ]);
    expect(JSON.parse(ran.out)).toMatchObject({
      messages: [
        { number: 1, at: '2026-01-01T00:00:00.000Z', from: '0.0.0.0:68' },
        { number: 2, at: '2026-01-01T00:00:01.250Z', from: '0.0.0.0:68' },
        { number: 3 },
        { number: 4 },
      ],
      skipped: { fragment: 1, 'not-ipv4': 1 },
      total: 6,
      left_out: 0,
    });
  });

  it('keeps what one machine sent in one question as far as that is long', async () => {
    const order = [1, 2, 1, ...Array.from({ length: 60 }, () => 3), 2];
    const text = order.map((number) => hex(message(number))).join('\n');
    const ran = await rackctl(['--json', 'dhcp', 'replay', 'f'], { answer: replays, files: { f: text } });
    const machines = ran.asked.map(({ body }) =>
      (body['packets'] as readonly { packet: string }[]).map(({ packet }) => Number(`0x${packet.slice(66, 68)}`)),
    );
    expect(machines).toEqual([[1, 1, 2, 2], Array.from({ length: 50 }, () => 3), Array.from({ length: 10 }, () => 3)]);
    const answer = JSON.parse(ran.out) as { messages: { number: number; explanation: object }[] };
    expect(answer.messages.map(({ number }) => number)).toEqual(order.map((_, index) => index + 1));
    expect(answer.messages.every(({ explanation }) => typeof explanation === 'object')).toBe(true);
  });

  it('leaves out what is beyond the limit or longer than any DHCP message, and says so', async () => {
    const text = [hex(message(1)), '00'.repeat(5_000), hex(message(2))].join('\n');
    const ran = await rackctl(['dhcp', 'replay', 'f', '--limit', '2'], { answer: replays, files: { f: text } });
    expect(ran.asked[0]?.body['packets']).toHaveLength(1);
    expect(ran.out).toContain('not asked');
    expect(ran.out).toContain('5000 octets');
    expect(ran.out).toContain('1 more messages were left out');
  });

  it.each([
    ['missing', undefined, 'cannot read f: ENOENT'],
    ['not hexadecimal', '01 0\n', 'line 1 is not a packet in hexadecimal'],
    ['neither text nor a capture', Uint8Array.of(0, 1, 2, 255), 'neither a pcap'],
    ['empty', '# nothing\n', 'f holds no DHCP message'],
  ])('fails on a file that is %s', async (_, file, hint) => {
    const ran = await rackctl(['dhcp', 'replay', 'f'], {
      answer: replays,
      files: file === undefined ? {} : { f: file },
    });
    expect([ran.status, ran.err, ran.asked]).toEqual([1, expect.stringContaining(hint), []]);
  });
});
