import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { netasciiSize, ReadSession, type ReadSessionLimits, type TftpPacket, type TftpRequest } from './index.js';

type Options = Readonly<Record<string, string | number>>;

function readRequest(options: Options = {}, mode = 'octet'): TftpRequest {
  const texts = Object.entries(options).map(([name, value]) => [name, String(value)] as const);
  return { kind: 'rrq', filename: 'boot.ipxe', mode, options: new Map(texts) };
}

function contentOf(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 7 + (index >>> 8)) & 255);
}

/** Answers reads at once and collects what the session sends. */
class Transfer {
  readonly session: ReadSession;
  readonly #content: Uint8Array;

  constructor(content: Uint8Array, request: TftpRequest, limits: Partial<ReadSessionLimits> = {}) {
    this.#content = content;
    const sentBytes = request.mode === 'netascii' ? netasciiSize(content) : content.length;
    this.session = new ReadSession({ request, sizeBytes: content.length, sentBytes, nowMs: 0, limits });
  }

  sent(): TftpPacket[] {
    for (let want = this.session.want(); want !== undefined; want = this.session.want()) {
      this.session.supply(want.offset, this.#content.subarray(want.offset, want.offset + want.length));
    }
    return this.session.takeOutgoing();
  }

  ack(block: number): TftpPacket[] {
    this.session.receive({ kind: 'ack', block });
    return this.sent();
  }

  at(nowMs: number): TftpPacket[] {
    this.session.advance(nowMs);
    return this.sent();
  }
}

const start = (sizeBytes: number, options: Options = {}, limits: Partial<ReadSessionLimits> = {}): Transfer =>
  new Transfer(contentOf(sizeBytes), readRequest(options), limits);

const blocks = (packets: readonly TftpPacket[]): number[] =>
  packets.map((packet) => (packet.kind === 'data' ? packet.block : -1));

const oack = (...entries: (readonly [string, string])[]): TftpPacket => ({ kind: 'oack', options: new Map(entries) });

/** Reads everything like a client that acknowledges each window. */
function download(transfer: Transfer, windowBlocks = 1): Uint8Array {
  const parts: Uint8Array[] = [];
  let packets = transfer.sent();
  if (packets[0]?.kind === 'oack') packets = transfer.ack(0);
  while (transfer.session.outcome === undefined) {
    const data = packets.flatMap((packet) => (packet.kind === 'data' ? [packet] : []));
    const last = data.at(-1);
    if (last === undefined || data.length > windowBlocks)
      throw new Error(`stalled: ${JSON.stringify(blocks(packets))}`);
    parts.push(...data.map((packet) => packet.data));
    packets = transfer.ack(last.block);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

describe('ReadSession without options', () => {
  it.each([
    { sizeBytes: 0, lengths: [0] },
    { sizeBytes: 1, lengths: [1] },
    { sizeBytes: 511, lengths: [511] },
    { sizeBytes: 512, lengths: [512, 0] },
    { sizeBytes: 1300, lengths: [512, 512, 276] },
  ])('T1 sends $sizeBytes octets as blocks of $lengths, RFC 1350 section 6', ({ sizeBytes, lengths }) => {
    const transfer = start(sizeBytes);
    let packets = transfer.sent();
    for (const [index, length] of lengths.entries()) {
      expect(packets).toMatchObject([{ kind: 'data', block: index + 1 }]);
      expect(packets[0]?.kind === 'data' ? packets[0].data.length : undefined).toBe(length);
      packets = transfer.ack(index + 1);
    }
    expect(packets).toEqual([]);
    expect(transfer.session.outcome).toEqual({ kind: 'completed' });
    expect(transfer.session.acknowledgedBytes).toBe(sizeBytes);
  });

  it('T4 answers a duplicate ACK with nothing, RFC 1123 section 4.2.3.1', () => {
    const transfer = start(5_000);
    transfer.sent();
    expect(blocks(transfer.ack(1))).toEqual([2]);
    expect(transfer.ack(1)).toEqual([]);
    expect(transfer.at(999)).toEqual([]);
    expect(transfer.ack(0)).toEqual([]);
    expect(blocks(transfer.ack(2))).toEqual([3]);
    expect(transfer.ack(1)).toEqual([]);
  });

  it('ignores an ACK for a block not yet sent', () => {
    const transfer = start(5_000);
    transfer.sent();
    expect(transfer.ack(2)).toEqual([]);
    expect(blocks(transfer.ack(1))).toEqual([2]);
  });

  it('T5 re-sends with back-off when the client falls silent, and gives up after five times', () => {
    const transfer = start(5_000);
    transfer.sent();
    const first = transfer.ack(1);
    const sentAt: number[] = [];
    for (let nowMs = 0; transfer.session.outcome === undefined; nowMs += 500) {
      const packets = transfer.at(nowMs);
      if (packets.length > 0) sentAt.push(nowMs);
      if (packets.length > 0) expect(packets).toEqual(first);
    }
    expect(sentAt).toEqual([1_000, 3_000, 7_000, 15_000, 23_000]);
    expect(transfer.session).toMatchObject({ outcome: { kind: 'timed-out' }, retransmissions: 5, bufferedBytes: 0 });
  });

  it('T5 starts the back-off anew after an answer', () => {
    const transfer = start(5_000);
    transfer.sent();
    transfer.at(1_000);
    transfer.at(3_000);
    transfer.ack(1);
    expect(transfer.session.deadlineMs).toBe(4_000);
  });

  it('T5 T22 repeats to a client that never answered only twice: its address may be forged', () => {
    const transfer = start(5_000);
    const first = transfer.sent();
    expect(first).toHaveLength(1);
    expect([transfer.at(1_000), transfer.at(3_000), transfer.at(7_000)]).toEqual([first, first, []]);
    expect(transfer.session.outcome).toEqual({ kind: 'timed-out' });
  });

  it('T7 ends on an ERROR without answering it', () => {
    const transfer = start(5_000);
    transfer.sent();
    transfer.session.receive({ kind: 'error', code: 3, message: 'full' });
    expect(transfer.sent()).toEqual([]);
    expect(transfer.session.outcome).toEqual({ kind: 'aborted-by-client', errorCode: 3, message: 'full' });
    expect(transfer.at(60_000)).toEqual([]);
    expect(transfer.ack(1)).toEqual([]);
  });

  it('T7 does not repeat its own ERROR', () => {
    const transfer = start(5_000);
    transfer.sent();
    transfer.session.receive({ kind: 'data', block: 1, data: new Uint8Array(1) });
    expect(transfer.sent()).toMatchObject([{ kind: 'error', code: 4 }]);
    expect(transfer.at(60_000)).toEqual([]);
    expect(transfer.session.outcome).toEqual({ kind: 'failed', reason: 'unexpected-packet' });
  });

  it('T8 converts line ends in netascii, RFC 764', () => {
    const text = Buffer.from('a\nb\rc\r\n', 'latin1');
    const transfer = new Transfer(text, readRequest({ tsize: 0 }, 'netascii'));
    expect(Buffer.from(download(transfer)).toString('latin1')).toBe('a\r\nb\r\0c\r\0\r\n');
  });

  it('T8 netascii content keeps its block sizes over chunk borders', () => {
    const transfer = new Transfer(Buffer.alloc(3_000, '\n'), readRequest({}, 'netascii'), { readAheadBytes: 512 });
    expect(Buffer.from(download(transfer)).toString('latin1')).toBe('\r\n'.repeat(3_000));
    expect(transfer.session.acknowledgedBytes).toBe(6_000);
  });

  it.each([
    { rolloverTo: 0 as const, after: 0 },
    { rolloverTo: 1 as const, after: 1 },
  ])('T19 continues with block $after after block 65535', ({ rolloverTo, after }) => {
    const transfer = start(8 * 65_537 + 3, { blksize: 8 }, { rolloverTo });
    transfer.sent();
    let packets = transfer.ack(0);
    for (let block = 1; block < 65_535; block += 1) packets = transfer.ack(block);
    expect(blocks(packets)).toEqual([65_535]);
    expect(blocks(transfer.ack(65_535))).toEqual([after]);
    expect(blocks(transfer.ack(after))).toEqual([after + 1]);
    expect(blocks(transfer.ack(after + 1))).toEqual([after + 2]);
    transfer.ack(after + 2);
    expect(transfer.session.outcome).toEqual({ kind: 'completed' });
  });
});

describe('option negotiation', () => {
  it('T10 ignores unknown options and acknowledges only what was asked', () => {
    expect(start(9, { multicast: '', constructor: 1, blksize: 1024 }).sent()).toEqual([oack(['blksize', '1024'])]);
    expect(blocks(start(9, { multicast: '' }).sent())).toEqual([1]);
  });

  it('T11 waits for ACK 0 after the OACK and repeats the OACK until then', () => {
    const transfer = start(9, { blksize: 1024 });
    const first = transfer.sent();
    expect(transfer.ack(1)).toEqual([]);
    expect(transfer.at(1_000)).toEqual(first);
    expect(blocks(transfer.ack(0))).toEqual([1]);
    expect(transfer.ack(0)).toEqual([]);
  });

  it.each([
    ['7', undefined],
    ['8', '8'],
    ['1468', '1468'],
    ['65464', '65464'],
    ['65465', '65464'],
    ['abc', undefined],
    ['-8', undefined],
    ['512 ', undefined],
    ['', undefined],
  ])('T13 answers blksize %j with %j, RFC 2348', (asked, answer) => {
    const [first] = start(9, { blksize: asked }).sent();
    expect(first?.kind === 'oack' ? first.options.get('blksize') : undefined).toBe(answer);
  });

  it('T13 never grants more than its own limit', () => {
    expect(start(9, { blksize: 9000 }, { maxBlockSizeBytes: 1428 }).sent()).toEqual([oack(['blksize', '1428'])]);
  });

  it('T14 answers tsize with the size as sent, in netascii after the conversion, RFC 2349', () => {
    expect(start(4_321, { tsize: 0 }).sent()).toEqual([oack(['tsize', '4321'])]);
    const text = new Transfer(Buffer.from('a\nb\r'), readRequest({ tsize: 0 }, 'netascii'));
    expect(text.sent()).toEqual([oack(['tsize', '6'])]);
  });

  it.each([
    ['1', 1_000],
    ['255', 255_000],
  ])('T15 echoes timeout %s and keeps to it, RFC 2349', (asked, intervalMs) => {
    const transfer = start(9, { timeout: asked });
    expect(transfer.sent()).toEqual([oack(['timeout', asked])]);
    const first = transfer.ack(0);
    expect(transfer.at(intervalMs - 1)).toEqual([]);
    expect(transfer.at(intervalMs)).toEqual(first);
    expect(transfer.at(2 * intervalMs)).toEqual(first);
  });

  it.each(['0', '256', 'x'])('T15 does not accept timeout %s', (asked) => {
    expect(blocks(start(9, { timeout: asked }).sent())).toEqual([1]);
  });

  it.each([
    { asked: 1, maxWindowBytes: 65_536, granted: '1' },
    { asked: 16, maxWindowBytes: 65_536, granted: '16' },
    { asked: 65_535, maxWindowBytes: 65_536, granted: '64' },
    { asked: 65_535, maxWindowBytes: 2 ** 30, granted: '65534' },
    { asked: 4, maxWindowBytes: 100, granted: '1' },
  ])('T16 answers windowsize $asked with $granted', ({ asked, maxWindowBytes, granted }) => {
    const transfer = start(9, { windowsize: asked, blksize: 1024 }, { maxWindowBytes });
    expect(transfer.sent()).toEqual([oack(['windowsize', granted], ['blksize', '1024'])]);
  });

  it('T16 does not accept windowsize 0', () => {
    expect(blocks(start(9, { windowsize: 0 }).sent())).toEqual([1]);
  });

  it.each([0, 8])('T20 takes an ERROR %i after the OACK for a size probe and holds nothing', (code) => {
    const transfer = start(1_000_000, { tsize: 0, blksize: 1468 });
    transfer.sent();
    transfer.session.receive({ kind: 'error', code, message: 'User aborted the transfer' });
    expect(transfer.session.outcome).toEqual({ kind: 'probed', errorCode: code, message: 'User aborted the transfer' });
    expect(transfer.session.want()).toBeUndefined();
    expect(transfer.session.deadlineMs).toBeUndefined();
    expect(transfer.session.bufferedBytes).toBe(0);
  });
});

describe('windows, RFC 7440', () => {
  function started(sizeBytes: number, windowsize = 4): Transfer {
    const transfer = start(sizeBytes, { windowsize });
    transfer.sent();
    return transfer;
  }

  it('T16 sends a window, then waits for one ACK', () => {
    const transfer = started(512 * 10);
    expect(blocks(transfer.ack(0))).toEqual([1, 2, 3, 4]);
    expect(blocks(transfer.ack(4))).toEqual([5, 6, 7, 8]);
  });

  it('T17 resumes behind the last block that arrived in order', () => {
    const transfer = started(512 * 20);
    transfer.ack(0);
    expect(blocks(transfer.ack(2))).toEqual([3, 4, 5, 6]);
    expect(transfer.ack(2)).toEqual([]);
    expect(blocks(transfer.ack(6))).toEqual([7, 8, 9, 10]);
  });

  it('T4 T17 brings the time-out forward when the first block of a window is missed, and sends nothing at once', () => {
    const transfer = started(512 * 20);
    transfer.ack(0);
    transfer.ack(4);
    transfer.at(10);
    expect(transfer.ack(4)).toEqual([]);
    expect(transfer.at(109)).toEqual([]);
    expect(blocks(transfer.at(110))).toEqual([5, 6, 7, 8]);
  });

  it('T18 completes a partial last window', () => {
    const transfer = started(512 * 5 + 7);
    transfer.ack(0);
    expect(blocks(transfer.ack(4))).toEqual([5, 6]);
    expect(transfer.ack(6)).toEqual([]);
    expect(transfer.session.outcome).toEqual({ kind: 'completed' });
  });

  it('T5 repeats the unacknowledged part of a window after a time-out', () => {
    const transfer = started(512 * 20);
    transfer.ack(0);
    transfer.ack(3);
    expect(blocks(transfer.at(1_000))).toEqual([4, 5, 6, 7]);
  });

  it('keeps memory within two chunks whatever the file size', () => {
    const transfer = start(1_000_000, { windowsize: 8, blksize: 1024 }, { readAheadBytes: 4096 });
    transfer.sent();
    let most = 0;
    for (let block = 0; transfer.session.outcome === undefined; block = Math.min(block + 8, 977)) {
      transfer.ack(block);
      most = Math.max(most, transfer.session.bufferedBytes);
    }
    expect(most).toBe(16_384);
  });
});

describe('content supply', () => {
  it('sends nothing and has no deadline while the content is being read', () => {
    const session = new ReadSession({ request: readRequest(), sizeBytes: 600, nowMs: 0 });
    expect(session.want()).toEqual({ offset: 0, length: 600 });
    expect(session.want()).toBeUndefined();
    expect(session.deadlineMs).toBeUndefined();
    session.supply(0, contentOf(600).subarray(0, 500));
    expect(session.takeOutgoing()).toEqual([]);
    expect(session.want()).toEqual({ offset: 500, length: 100 });
    session.supply(500, contentOf(600).subarray(500));
    expect(session.takeOutgoing()).toEqual([{ kind: 'data', block: 1, data: contentOf(600).subarray(0, 512) }]);
  });

  it.each([
    { name: 'shrank', offset: 0, length: 0 },
    { name: 'grew', offset: 0, length: 601 },
    { name: 'was read elsewhere', offset: 1, length: 10 },
  ])('ends with an ERROR when the file $name', ({ offset, length }) => {
    const session = new ReadSession({ request: readRequest(), sizeBytes: 600, nowMs: 0 });
    session.want();
    session.supply(offset, new Uint8Array(length));
    expect(session.takeOutgoing()).toMatchObject([{ kind: 'error', code: 0 }]);
    expect(session.outcome).toEqual({ kind: 'failed', reason: 'content-unavailable' });
  });

  it('delivers the same octets for every size, block size, window and read-ahead', () => {
    const cases = fc.record({
      sizeBytes: fc.nat(5_000),
      blksize: fc.integer({ min: 8, max: 700 }),
      windowsize: fc.integer({ min: 1, max: 9 }),
      readAheadBytes: fc.integer({ min: 1, max: 2_000 }),
    });
    fc.assert(
      fc.property(cases, ({ sizeBytes, blksize, windowsize, readAheadBytes }) => {
        const transfer = start(sizeBytes, { blksize, windowsize }, { readAheadBytes });
        expect(download(transfer, windowsize)).toEqual(contentOf(sizeBytes));
      }),
    );
  });

  it('T5 delivers the same octets over a link that loses and repeats packets', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(9)), fc.integer({ min: 1, max: 5 }), (dice, windowsize) => {
        const content = contentOf(3_000);
        const patient = { maxRetries: 1_000, maxRetriesUnverified: 1_000, unverifiedMaxMs: 1e9 };
        const transfer = new Transfer(content, readRequest({ blksize: 100, windowsize }), patient);
        expect(lossyDownload(transfer, windowsize, () => Number(dice.next().value))).toEqual(content);
      }),
      { numRuns: 50 },
    );
  });
});

/** A client that keeps only blocks in order; a die of 0 loses the packet, 1 doubles the acknowledgement. */
function lossyDownload(transfer: Transfer, windowBlocks: number, roll: () => number): Uint8Array {
  const parts: Uint8Array[] = [];
  let queue = transfer.sent();
  let nowMs = 0;
  const answer = (block: number): void => {
    const times = [0, 2][roll()] ?? 1;
    for (let count = 0; count < times; count += 1) queue.push(...transfer.ack(block));
  };
  const handle = (packet: TftpPacket): void => {
    if (packet.kind === 'oack') answer(0);
    if (packet.kind !== 'data') return;
    if (packet.block === parts.length + 1) parts.push(packet.data);
    if (packet.data.length < 100 || packet.block % windowBlocks === 0) answer(parts.length);
  };
  while (transfer.session.outcome === undefined && nowMs < 1e9) {
    const packet = queue.shift();
    if (packet === undefined) queue = transfer.at((nowMs = transfer.session.deadlineMs ?? nowMs + 1));
    else if (roll() !== 0) handle(packet);
  }
  return Uint8Array.from(Buffer.concat(parts));
}
