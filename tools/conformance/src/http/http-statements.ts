import { connect } from 'node:net';
import { judge, NotApplicable, type Statement } from '../verdict.js';

const ANSWER_WITHIN_MS = 10_000;
const quiet = { 'accept-encoding': 'identity' };

interface RawAnswer {
  readonly head: string;
  readonly body: Buffer;
  readonly isClosed: boolean;
}

/** What comes back for a request written as it stands. */
function raw(url: URL, request: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(Number(url.port === '' ? '80' : url.port), url.hostname, () => socket.write(request));
    const finish = (isClosed: boolean) => () => {
      socket.destroy();
      const all = Buffer.concat(parts);
      const end = all.indexOf('\r\n\r\n');
      resolve({ head: all.subarray(0, end).toString('latin1'), body: all.subarray(end + 4), isClosed });
    };
    socket.on('data', (bytes) => parts.push(bytes));
    socket.on('end', finish(true));
    socket.on('error', reject);
    socket.setTimeout(ANSWER_WITHIN_MS, finish(false));
  });
}

const statusOf = ({ head }: RawAnswer): string => head.split(' ')[1] ?? 'nothing';
const pathOf = ({ pathname, search }: URL): string => `${pathname}${search}`;

/** Statements about the file at a URL. */
export const httpStatements: readonly Statement<URL>[] = [
  {
    id: 'H1',
    title: 'HEAD has the headers of GET and no body',
    reference: 'RFC 9110 section 9.3.2',
    play: async (url) => {
      const get = await fetch(url, { headers: quiet });
      await get.arrayBuffer();
      const head = await fetch(url, { method: 'HEAD', headers: quiet });
      const body = await head.arrayBuffer();
      const names = ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges'];
      const differing = names.filter((name) => get.headers.get(name) !== head.headers.get(name));
      return judge(`content-length ${head.headers.get('content-length') ?? 'absent'}`, {
        [`the file is not there: ${String(get.status)}`]: get.status !== 200,
        [`${differing.join(', ')} differs`]: differing.length > 0,
        'there is no content-length': head.headers.get('content-length') === null,
        'there is a body': body.byteLength > 0,
      });
    },
  },
  {
    id: 'H2',
    title: 'A boot file is not chunked',
    reference: 'UEFI 2.10 section 24.7',
    play: async (url) => {
      const answer = await raw(url, `GET ${pathOf(url)} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
      const { head, body } = answer;
      const [, length] = /^content-length: *(\d+)/im.exec(head) ?? [];
      return judge(`content-length ${length ?? 'absent'}`, {
        [`the file is not there: ${statusOf(answer)}`]: statusOf(answer) !== '200',
        'it is chunked': /^transfer-encoding:/im.test(head),
        'the length is another': length !== String(body.length),
      });
    },
  },
  {
    id: 'H3',
    title: 'An EFI binary is called application/efi',
    reference: 'UEFI 2.10 section 24.7.3',
    play: async (url) => {
      if (!url.pathname.endsWith('.efi')) throw new NotApplicable('the URL names no EFI binary');
      const answer = await fetch(url, { method: 'HEAD' });
      const type = answer.headers.get('content-type') ?? 'absent';
      return judge(type, { 'it is called otherwise': !type.startsWith('application/efi') });
    },
  },
  {
    id: 'H4',
    title: 'One range gets 206, one beyond the end 416, and If-Range is kept',
    reference: 'RFC 9110 section 14',
    play: async (url) => {
      const whole = Buffer.from(await (await fetch(url, { headers: quiet })).arrayBuffer());
      const part = await fetch(url, { headers: { ...quiet, range: 'bytes=10-19' } });
      const octets = Buffer.from(await part.arrayBuffer());
      const beyond = await fetch(url, { headers: { ...quiet, range: `bytes=${String(whole.length)}-` } });
      await beyond.arrayBuffer();
      const stale = await fetch(url, { headers: { ...quiet, range: 'bytes=0-9', 'if-range': '"stale"' } });
      await stale.arrayBuffer();
      return judge(
        `${String(part.status)} ${part.headers.get('content-range') ?? ''}, ${String(beyond.status)}, ${String(stale.status)}`,
        {
          'the range is not 206': part.status !== 206,
          'other octets came': !octets.equals(whole.subarray(10, 20)),
          'content-range is wrong': part.headers.get('content-range') !== `bytes 10-19/${String(whole.length)}`,
          'the range beyond the end is not 416': beyond.status !== 416,
          'a stale If-Range got a part': stale.status !== 200,
        },
      );
    },
  },
  {
    id: 'H6',
    title: 'HTTP/1.0 clients are served, and Connection: close is kept',
    reference: 'RFC 9112 section 9',
    play: async (url) => {
      const old = await raw(url, `GET ${pathOf(url)} HTTP/1.0\r\n\r\n`);
      const closing = await raw(url, `HEAD ${pathOf(url)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      return judge(`HTTP/1.0: ${statusOf(old)}; close: ${statusOf(closing)}`, {
        'HTTP/1.0 was refused': statusOf(old) !== '200',
        'HTTP/1.0 got chunks': /^transfer-encoding:/im.test(old.head),
        'the connection stayed open': !closing.isClosed || !old.isClosed,
      });
    },
  },
  {
    id: 'H7',
    title: 'Host with and without a port, an IPv6 literal and an absolute URI are taken',
    reference: 'RFC 9112 section 3.2',
    play: async (url) => {
      const hosts = ['boot.example', 'boot.example:8081', '[2001:db8::1]', '[2001:db8::1]:80'];
      const statuses: string[] = [];
      for (const host of hosts) {
        statuses.push(
          statusOf(await raw(url, `HEAD ${pathOf(url)} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)),
        );
      }
      const absolute = `HEAD http://boot.example${pathOf(url)} HTTP/1.1\r\nHost: boot.example\r\nConnection: close\r\n\r\n`;
      statuses.push(statusOf(await raw(url, absolute)));
      return judge(statuses.join(', '), { 'one was refused': statuses.some((status) => status !== '200') });
    },
  },
];
