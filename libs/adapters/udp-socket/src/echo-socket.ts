import { ipv4FromBytes, ipv4ToBytes, type Ipv4 } from '@rackwright/kernel';
import { decodeEchoReply, encodeEcho, payloadOf, type EchoNumbers } from './icmp-echo.js';
import { libc, type Call, type CallFailure, type Libc } from './libc.js';

/** Numbers of the Linux system call interface, the same on x86-64 and arm64. */
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const NONBLOCK_CLOEXEC = 0x800 | 0x80000;
const IPPROTO_ICMP = 1;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
/** One bit per message type that is not wanted. */
const ONLY_ECHO_REPLIES = 0xfffffffe;
const SOCKADDR_IN_BYTES = 16;
/** An IPv4 header of any length and the echo header; the rest of a message is of no interest. */
const RECEIVE_BYTES = 68;

/** An echo reply and who sent it. */
interface EchoReply {
  readonly from: Ipv4;
  readonly sequence: number;
}

/** One non-blocking socket for all echo requests of this process. */
export interface EchoSocket extends Disposable {
  send(to: Ipv4, sequence: number): CallFailure | undefined;
  /** The next reply to a request of this socket; `other` for what is none, `undefined` when nothing waits. */
  receive(): EchoReply | 'other' | undefined;
}

interface EchoCalls {
  readonly socket: Call;
  readonly close: Call;
  readonly setOption: Call;
  readonly sendTo: Call;
  readonly receiveFrom: Call;
  readonly failure: Libc['failure'];
}

let bound: EchoCalls | undefined;

/**
 * Opens the kernel's ping socket, which needs no capability but a group in `net.ipv4.ping_group_range`, else a raw
 * socket, which needs CAP_NET_RAW: icmp(7), raw(7). `identifier` marks the requests of a raw socket.
 */
export function openEchoSocket(identifier: number): EchoSocket | CallFailure {
  bound ??= bindCalls(libc());
  const ping = bound.socket(AF_INET, SOCK_DGRAM | NONBLOCK_CLOEXEC, IPPROTO_ICMP);
  if (ping >= 0) return new LinuxEchoSocket(bound, ping, undefined);
  const raw = bound.socket(AF_INET, SOCK_RAW | NONBLOCK_CLOEXEC, IPPROTO_ICMP);
  if (raw < 0) return bound.failure('socket IPPROTO_ICMP');
  const filter = Buffer.alloc(4);
  filter.writeUInt32LE(ONLY_ECHO_REPLIES);
  if (bound.setOption(raw, SOL_RAW, ICMP_FILTER, filter, filter.length) >= 0) {
    return new LinuxEchoSocket(bound, raw, identifier);
  }
  const failed = bound.failure('setsockopt ICMP_FILTER');
  bound.close(raw);
  return failed;
}

function bindCalls({ func, failure }: Libc): EchoCalls {
  return {
    socket: func('int socket(int domain, int type, int protocol)'),
    close: func('int close(int fd)'),
    setOption: func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    sendTo: func(
      'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *to, uint32_t toLength)',
    ),
    receiveFrom: func(
      'intptr_t recvfrom(int fd, _Out_ void *bytes, size_t length, int flags, _Out_ void *from, void *fromLength)',
    ),
    failure,
  };
}

class LinuxEchoSocket implements EchoSocket {
  readonly #calls: EchoCalls;
  readonly #descriptor: number;
  /** Of a raw socket; the kernel numbers the requests of a ping socket itself and gives it only their replies. */
  readonly #identifier: number | undefined;
  readonly #message = Buffer.alloc(RECEIVE_BYTES);
  readonly #from = Buffer.alloc(SOCKADDR_IN_BYTES);
  readonly #fromLength = Buffer.alloc(4);

  constructor(calls: EchoCalls, descriptor: number, identifier: number | undefined) {
    this.#calls = calls;
    this.#descriptor = descriptor;
    this.#identifier = identifier;
  }

  send(to: Ipv4, sequence: number): CallFailure | undefined {
    const message = encodeEcho({ identifier: this.#identifier ?? 0, sequence });
    const address = Buffer.alloc(SOCKADDR_IN_BYTES);
    address.writeUInt16LE(AF_INET, 0);
    address.set(ipv4ToBytes(to), 4);
    const sent = this.#calls.sendTo(this.#descriptor, message, message.length, 0, address, address.length);
    return sent < 0 ? this.#calls.failure('sendto') : undefined;
  }

  /** A failed read ends the turn too: it tells of an earlier request, whose deadline answers it. */
  receive(): EchoReply | 'other' | undefined {
    this.#fromLength.writeUInt32LE(SOCKADDR_IN_BYTES);
    const length = this.#calls.receiveFrom(
      ...[this.#descriptor, this.#message, RECEIVE_BYTES, 0, this.#from, this.#fromLength],
    );
    if (length < 0) return undefined;
    const received = this.#message.subarray(0, length);
    const echo = decodeEchoReply(this.#identifier === undefined ? received : payloadOf(received));
    if (echo === undefined || !this.#isOurs(echo)) return 'other';
    return { from: ipv4FromBytes(this.#from, 4), sequence: echo.sequence };
  }

  [Symbol.dispose](): void {
    this.#calls.close(this.#descriptor);
  }

  #isOurs({ identifier }: EchoNumbers): boolean {
    return this.#identifier === undefined || identifier === this.#identifier;
  }
}
