import { judge, type Statement } from '../verdict.js';
import {
  DEFAULT_BLOCK,
  QUIET_MS,
  RESEND_WITHIN_MS,
  type TftpTarget,
  ack,
  ask,
  nextOf,
  oackOf,
  oackTo,
  packetText,
  readAll,
  shown,
  stop,
  withClient,
} from './tftp-exchange.js';

/** Options and windows. */
export const optionStatements: readonly Statement<TftpTarget>[] = [
  {
    id: 'T10',
    title: 'Unknown options are passed over, and an OACK has only what was asked for',
    reference: 'RFC 2347',
    play: withClient(async (client, target) => {
      const answered = await oackTo(client, target, { surprise: '1', blksize: '1024' });
      return judge(shown(answered), { 'something else was acknowledged': [...answered.keys()].join() !== 'blksize' });
    }),
  },
  {
    id: 'T11',
    title: 'An OACK waits for ACK 0 before DATA 1; ERROR 8 from the client ends it',
    reference: 'RFC 2347',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { blksize: '1024' } });
      const { port } = await nextOf(client, 'oack');
      const early = await client.next(QUIET_MS);
      client.send(ack(0), port);
      const { packet } = await nextOf(client, 'data');
      stop(client, port);
      ask(client, target, { options: { blksize: '1024' } });
      const refused = await nextOf(client, 'oack');
      client.send({ kind: 'error', code: 8, message: 'refused' }, refused.port);
      const after = await client.next(QUIET_MS);
      return judge(`DATA ${String(packet.block)} after ACK 0, ${packetText(after)} after ERROR 8`, {
        'something came before ACK 0': early !== undefined && early.packet.kind === 'data',
        'DATA 1 did not come': packet.block !== 1,
        'ERROR 8 was answered': after !== undefined,
      });
    }),
  },
  {
    id: 'T12',
    title: 'Names of options are read in any case, and an option given twice is refused',
    reference: 'RFC 2347',
    play: withClient(async (client, target) => {
      const answered = await oackTo(client, target, { BLKSIZE: '1024' });
      const names = [...answered.keys()].map((name) => name.toLowerCase());
      const twice = [target.file, 'octet', 'blksize', '512', 'blksize', '1024', ''].join('\0');
      client.send(Uint8Array.from([0, 1, ...Buffer.from(twice, 'latin1')]), target.port);
      const refused = await client.next();
      if (refused !== undefined && refused.packet.kind !== 'error') stop(client, refused.port);
      return judge(`${shown(answered)}; twice: ${packetText(refused)}`, {
        'it was not understood': !names.includes('blksize'),
        'the double was not refused': refused?.packet.kind !== 'error',
      });
    }),
  },
  {
    id: 'T13',
    title: 'A block size is acknowledged as asked or smaller, and used',
    reference: 'RFC 2348',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { blksize: '1024' } });
      const { packet, port } = await nextOf(client, 'oack');
      const size = Number(packet.options.get('blksize'));
      client.send(ack(0), port);
      const sizes = await readAll(client, size, port);
      return judge(`blksize ${String(size)}, blocks of ${String(sizes[0])}`, {
        'it is larger': !(size >= 8 && size <= 1_024),
        'the blocks differ': sizes.slice(0, -1).some((each) => each !== size),
      });
    }),
  },
  {
    id: 'T14',
    title: 'tsize 0 is answered with the size of the file',
    reference: 'RFC 2349',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { tsize: '0' } });
      const { packet, port } = await nextOf(client, 'oack');
      client.send(ack(0), port);
      const sizes = await readAll(client, DEFAULT_BLOCK, port);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const told = packet.options.get('tsize') ?? 'nothing';
      return judge(`tsize ${told}, ${String(total)} octets came`, { 'they differ': told !== String(total) });
    }),
  },
  {
    id: 'T15',
    title: 'A timeout of 1 second is echoed and kept',
    reference: 'RFC 2349',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { timeout: '1' } });
      const { packet, port } = await oackOf(client, 'timeout');
      const told = packet.options.get('timeout');
      client.send(ack(0), port);
      await nextOf(client, 'data');
      const startMs = performance.now();
      await nextOf(client, 'data', RESEND_WITHIN_MS);
      const seconds = (performance.now() - startMs) / 1_000;
      stop(client, port);
      return judge(`timeout ${told ?? 'not echoed'}, sent again after ${seconds.toFixed(1)} s`, {
        'it was changed': told !== '1',
        'it was not kept': seconds < 0.5 || seconds > 2.5,
      });
    }),
  },
  {
    id: 'T16',
    title: 'A window size is acknowledged as asked or smaller; so many blocks come for one ACK',
    reference: 'RFC 7440 section 4',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { windowsize: '4' } });
      const { packet, port } = await oackOf(client, 'windowsize');
      const size = Number(packet.options.get('windowsize'));
      client.send(ack(0), port);
      const blocks: number[] = [];
      for (let received = await nextOf(client, 'data'); ; received = await nextOf(client, 'data')) {
        blocks.push(received.packet.block);
        if (blocks.length >= size) break;
      }
      const more = await client.next(QUIET_MS);
      stop(client, port);
      return judge(`windowsize ${String(size)}, blocks ${blocks.join(' ')}`, {
        'it is larger': !(size >= 1 && size <= 4),
        'the blocks are not in order': blocks.some((block, index) => block !== index + 1),
        'more came': more !== undefined,
      });
    }),
  },
  {
    id: 'T17',
    title: 'After a gap the window goes on behind the last block in order',
    reference: 'RFC 7440 section 4',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { windowsize: '4' } });
      const { packet, port } = await oackOf(client, 'windowsize');
      const size = Number(packet.options.get('windowsize'));
      client.send(ack(0), port);
      for (let count = 0; count < size; count += 1) await nextOf(client, 'data');
      client.send(ack(1), port);
      const next = await nextOf(client, 'data');
      stop(client, port);
      return judge(`ACK 1 in a window of ${String(size)}, then DATA ${String(next.packet.block)}`, {
        'it went on elsewhere': next.packet.block !== 2,
      });
    }),
  },
  {
    id: 'T18',
    title: 'A last window that is not full is acknowledged, and the transfer complete',
    reference: 'RFC 7440 section 4',
    play: withClient(async (client, target) => {
      ask(client, target, { options: { windowsize: '5', tsize: '0' } });
      const { packet, port } = await oackOf(client, 'windowsize');
      const size = Number(packet.options.get('windowsize'));
      client.send(ack(0), port);
      let octets = 0;
      for (let block = 1, isLast = false; !isLast; block += 1) {
        const { data } = (await nextOf(client, 'data')).packet;
        octets += data.length;
        isLast = data.length < DEFAULT_BLOCK;
        if (isLast || block % size === 0) client.send(ack(block & 0xffff), port);
      }
      const after = await client.next(QUIET_MS);
      return judge(`${String(octets)} octets, then ${packetText(after)}`, {
        'the size is another': packet.options.get('tsize') !== String(octets),
        'something came after the end': after !== undefined,
      });
    }),
  },
];
