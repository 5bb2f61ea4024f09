import { describe, expect, it } from 'vitest';
import type { Ipv4 } from '@rackwright/kernel';
import { decodeTftp, encodeTftp, type TftpRequest } from '@rackwright/protocol-tftp';
import { DatagramSender } from './datagram-sender.js';
import { FileSender } from './file-sender.js';
import type { LinuxCalls } from './linux-calls.js';
import { MappedFile } from './mapped-file.js';

/** Says what the kernel was asked to do, and answers as it is told. */
class FakeKernel implements LinuxCalls {
  readonly done: string[] = [];
  error: string | undefined;
  readonly socket = () => 3;
  readonly bind = () => 0;
  readonly setsockopt = () => 0;
  readonly recvmsg = () => -1;
  readonly epollCreate = () => 4;
  readonly epollControl = () => 0;
  readonly epollWait = () => 0;
  readonly eventfd = () => 5;
  readonly read = () => 8;
  readonly write = () => 8;
  readonly mmap = () => 0x1000_0000;
  readonly munmap = () => 0;
  readonly madvise = () => 0;
  readonly statx = () => 0;
  readonly close = () => 0;
  readonly addressOf = () => 0x2000_0000;

  /** The OACK comes first; the first window after it meets the error. */
  readonly sendmsg = () => {
    this.done.push('sendmsg');
    return this.error !== undefined && this.done.length === 2 ? -1 : 1;
  };
  readonly sendmmsg = (_descriptor: number, _messages: number, count: number) => {
    this.done.push(`sendmmsg ${String(count)}`);
    return count;
  };
  readonly errorName = () => this.error ?? 'EIO';
}

function start(kernel: FakeKernel, windowsize: number): FileSender {
  const options = new Map([['windowsize', String(windowsize)]]);
  const request: TftpRequest = { kind: 'rrq', filename: 'f', mode: 'octet', options };
  const client = { address: '10.0.0.2' as Ipv4, port: 2_070 };
  const file = MappedFile.open(kernel, 9, 100_000);
  if (file === undefined) throw new Error('the kernel mapped nothing');
  return new FileSender({
    id: 1,
    transfer: {
      request: encodeTftp(request),
      client,
      localAddress: '10.0.0.1' as Ipv4,
      limits: { maxBlockSizeBytes: 1_468, rolloverTo: 0 },
      descriptor: 9,
      sizeBytes: 100_000,
    },
    request,
    descriptor: 3,
    file,
    sender: new DatagramSender(kernel),
    nowMs: 0,
  });
}

describe('FileSender', () => {
  it('T16 hands a window to the kernel in one call', () => {
    const kernel = new FakeKernel();
    const transfer = start(kernel, 16);
    transfer.acknowledge(0, 1);
    transfer.acknowledge(16, 2);
    expect(kernel.done).toEqual(['sendmsg', 'sendmsg', 'sendmsg']);
  });

  it('T16 divides a window that is more than one call takes', () => {
    const kernel = new FakeKernel();
    start(kernel, 150).acknowledge(0, 1);
    expect(kernel.done).toEqual(['sendmsg', 'sendmsg', 'sendmsg', 'sendmsg']);
  });

  it.each(['EINVAL', 'EIO', 'EMSGSIZE'])(
    'sends datagrams one by one for good where dividing fails with %s',
    (error) => {
      const kernel = new FakeKernel();
      kernel.error = error;
      const transfer = start(kernel, 16);
      transfer.acknowledge(0, 1);
      transfer.acknowledge(16, 2);
      expect(kernel.done).toEqual(['sendmsg', 'sendmsg', 'sendmmsg 16', 'sendmmsg 16']);
    },
  );

  it('takes a full socket for loss, and repeats after the time-out', () => {
    const kernel = new FakeKernel();
    kernel.error = 'EAGAIN';
    const transfer = start(kernel, 16);
    transfer.acknowledge(0, 1);
    expect(kernel.done).toEqual(['sendmsg', 'sendmsg']);
    transfer.advance(999);
    expect(kernel.done).toHaveLength(2);
    transfer.advance(1_001);
    expect(kernel.done).toHaveLength(3);
    expect(transfer.report).toBeUndefined();
  });

  it('ends with an ERROR when the file has become shorter', () => {
    const kernel = new FakeKernel();
    kernel.error = 'EFAULT';
    const transfer = start(kernel, 16);
    transfer.acknowledge(0, 1);
    expect(kernel.done).toEqual(['sendmsg', 'sendmsg', 'sendmsg']);
    expect(transfer.report?.outcome).toEqual({ kind: 'failed', reason: 'content-unavailable' });
  });

  it('T3 answers strangers, but not their ERRORs', () => {
    const kernel = new FakeKernel();
    const transfer = start(kernel, 16);
    const stranger = { descriptor: 3, address: 7, port: 7 };
    for (const bytes of [encodeTftp({ kind: 'ack', block: 1 }), encodeTftp({ kind: 'error', code: 0, message: '' })]) {
      const packet = decodeTftp(bytes);
      if (packet.ok) transfer.refuse(stranger, packet.value);
    }
    expect(kernel.done).toEqual(['sendmsg', 'sendmsg']);
    expect(transfer.report).toBeUndefined();
  });
});
