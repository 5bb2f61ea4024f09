import { judge, type Statement } from '../verdict.js';
import { TftpClient, type TftpReceived } from './tftp-client.js';
import {
  DEFAULT_BLOCK,
  QUIET_MS,
  RESEND_WITHIN_MS,
  type TftpTarget,
  ack,
  ask,
  errorTo,
  nextOf,
  packetText,
  readAll,
  stop,
  withClient,
} from './tftp-exchange.js';

/** Requests, transfers and their ends. */
export const readStatements: readonly Statement<TftpTarget>[] = [
  {
    id: 'T1',
    title: 'The first DATA is block 1; blocks are whole until a short one ends the file',
    reference: 'RFC 1350 section 2',
    play: withClient(async (client, target) => {
      ask(client, target);
      const sizes = await readAll(client, DEFAULT_BLOCK);
      return judge(`${String(sizes.length)} blocks, the last of ${String(sizes.at(-1))}`, {
        'one before the last is not whole': sizes.slice(0, -1).some((size) => size !== DEFAULT_BLOCK),
      });
    }),
  },
  {
    id: 'T2',
    title: 'The server answers each transfer from one port; a fresh one unless it serves from a single port',
    reference: 'RFC 1350 section 4',
    play: withClient(async (client, target) => {
      ask(client, target);
      const first = await nextOf(client, 'data');
      client.send(ack(1), first.port);
      const second = await nextOf(client, 'data');
      stop(client, second.port);
      return judge(first.port === target.port ? 'the request port' : 'a fresh port', {
        'the port changed': first.port !== second.port,
      });
    }),
  },
  {
    id: 'T3',
    title: 'A packet from a wrong port gets ERROR 5, and the transfer goes on',
    reference: 'RFC 1350 section 4',
    play: withClient(async (client, target) => {
      ask(client, target);
      const { port } = await nextOf(client, 'data');
      await using stranger = await TftpClient.open(target.host);
      stranger.send(ack(1), port);
      const answered = await stranger.next(QUIET_MS * 2);
      client.send(ack(1), port);
      const { packet } = await nextOf(client, 'data');
      stop(client, port);
      return judge(`the stranger got ${packetText(answered)}, the client DATA ${String(packet.block)}`, {
        'the stranger got no ERROR 5': answered?.packet.kind !== 'error' || answered.packet.code !== 5,
        'the transfer did not go on': packet.block !== 2,
      });
    }),
  },
  {
    id: 'T4',
    title: 'A repeated ACK never sends DATA again',
    reference: 'RFC 1123 section 4.2.3.1',
    play: withClient(async (client, target) => {
      ask(client, target);
      const { port } = await nextOf(client, 'data');
      client.send(ack(1), port);
      await nextOf(client, 'data');
      client.send(ack(1), port);
      const again = await client.next(QUIET_MS);
      stop(client, port);
      return judge(packetText(again), { 'something was sent again': again !== undefined });
    }),
  },
  {
    id: 'T5',
    title: 'DATA without an ACK is sent again',
    reference: 'RFC 1350 section 2',
    play: withClient(async (client, target) => {
      ask(client, target);
      const { port } = await nextOf(client, 'data');
      const again = await nextOf(client, 'data', RESEND_WITHIN_MS);
      stop(client, port);
      return judge(packetText(again), { 'another block came': again.packet.block !== 1 });
    }),
  },
  {
    id: 'T6',
    title: 'A missing file gets ERROR 1, a write 2, an unknown opcode 4',
    reference: 'RFC 1350 appendix I',
    play: withClient(async (client, target) => {
      ask(client, target, { file: 'no-such-file' });
      const missing = (await nextOf(client, 'error')).packet.code;
      const write = { kind: 'wrq', filename: 'new-file', mode: 'octet', options: new Map<string, string>() } as const;
      const written = await errorTo(client, target, write);
      const unknown = await errorTo(client, target, Uint8Array.of(0, 9, 120, 0, 111, 99, 116, 101, 116, 0));
      return judge(`${String(missing)}, ${String(written)}, ${String(unknown)}`, {
        'the missing file got another code': missing !== 1,
        'the write got another code': written !== 2,
        'the opcode got another code': unknown !== 4,
      });
    }),
  },
  {
    id: 'T7',
    title: 'An ERROR ends the transfer and is neither answered nor repeated',
    reference: 'RFC 1350 section 7',
    play: withClient(async (client, target) => {
      ask(client, target);
      const { port } = await nextOf(client, 'data');
      stop(client, port);
      const after = await client.next(QUIET_MS);
      client.send(ack(1), port);
      const later = await client.next(QUIET_MS);
      return judge(`then ${packetText(after)}, after a late ACK ${packetText(later)}`, {
        'the ERROR was answered': after !== undefined,
        'the transfer went on': later?.packet.kind === 'data',
      });
    }),
  },
  {
    id: 'T8',
    title: 'The mode is read in any case, and mail is refused',
    reference: 'RFC 1350 section 5',
    play: withClient(async (client, target) => {
      ask(client, target, { mode: 'OcTeT' });
      stop(client, (await nextOf(client, 'data')).port);
      ask(client, target, { mode: 'mail' });
      const mail = await client.next();
      return judge(`OcTeT is served, mail gets ${packetText(mail)}`, {
        'mail was not refused': mail?.packet.kind !== 'error',
      });
    }),
  },
  {
    id: 'T9',
    title: 'No name leads out of the root',
    reference: 'RFC 1350 section 5',
    play: withClient(async (client, target) => {
      const names = ['../../../../../../etc/passwd', '/etc/passwd', '..\\..\\etc\\passwd', 'x/../../../../etc/passwd'];
      const served: string[] = [];
      for (const file of names) {
        ask(client, target, { file });
        const received = await client.next();
        if (received?.packet.kind !== 'data') continue;
        stop(client, received.port);
        served.push(file);
      }
      ask(client, target);
      stop(client, (await nextOf(client, 'data')).port);
      return judge(`${String(names.length)} names tried`, { [`${served.join(', ')} was served`]: served.length > 0 });
    }),
  },
  {
    id: 'T20',
    title: 'A ROM that asks for the size, ends the transfer and asks again is served each time',
    reference: 'PXE 2.1, RFC 2349',
    play: withClient(async (client, target) => {
      for (let boot = 0; boot < 20; boot += 1) {
        ask(client, target, { options: { tsize: '0' } });
        stop(client, (await nextOf(client, 'oack')).port);
      }
      ask(client, target, { options: { tsize: '0', blksize: '1024' } });
      const { packet, port } = await nextOf(client, 'oack');
      client.send(ack(0), port);
      const sizes = await readAll(client, 1_024, port);
      return judge(`after 20 of them tsize ${packet.options.get('tsize') ?? '-'}, ${String(sizes.length)} blocks`);
    }),
  },
  {
    id: 'T22',
    title: 'Before an ACK no more than ten times the request is sent',
    reference: 'RFC 1350 section 2',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { blksize: '65464', windowsize: '64' } });
      const requestBytes = target.file.length + 40;
      let sentBytes = 0;
      let last: TftpReceived | undefined;
      for (let received = await client.next(); received !== undefined; received = await client.next(QUIET_MS)) {
        last = received;
        sentBytes += received.packet.kind === 'data' ? received.packet.data.length + 4 : 40;
      }
      if (last !== undefined) stop(client, last.port);
      return judge(`${String(sentBytes)} octets for a request of about ${String(requestBytes)}`, {
        'it is more': sentBytes > 10 * requestBytes,
        'nothing came': sentBytes === 0,
      });
    }),
  },
];
