import koffi from 'koffi';

/** The system calls of the load client; memory is given by address, so that a call allocates nothing. */
export interface LinuxCalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(descriptor: number, address: number, length: number): number;
  connect(descriptor: number, address: number, length: number): number;
  setsockopt(descriptor: number, level: number, name: number, value: number, length: number): number;
  send(descriptor: number, bytes: number, length: number, flags: number): number;
  sendto(descriptor: number, bytes: number, length: number, flags: number, to: number, toLength: number): number;
  recvmmsg(descriptor: number, vector: number, length: number, flags: number, timeout: number): number;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, descriptor: number, event: number): number;
  epollWait(epoll: number, events: number, maxEvents: number, timeoutMs: number): number;
  close(descriptor: number): number;
}

/** Memory that stays where it is. */
export class Arena {
  readonly bytes: Buffer;
  readonly address: number;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.from(new ArrayBuffer(sizeBytes));
    this.address = Number(koffi.address(this.bytes));
  }

  /** A pointer into this memory, written into it. */
  point(at: number, to: number): void {
    this.bytes.writeBigUInt64LE(BigInt(this.address + to), at);
  }
}

export function loadLinuxCalls(): LinuxCalls {
  const libc = koffi.load(null);
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    bind: libc.func('int bind(int fd, uintptr_t address, uint32_t length)'),
    connect: libc.func('int connect(int fd, uintptr_t address, uint32_t length)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int name, uintptr_t value, uint32_t length)'),
    send: libc.func('long send(int fd, uintptr_t bytes, size_t length, int flags)'),
    sendto: libc.func('long sendto(int fd, uintptr_t bytes, size_t length, int flags, uintptr_t to, uint32_t length2)'),
    recvmmsg: libc.func('int recvmmsg(int fd, uintptr_t vector, uint32_t length, int flags, uintptr_t timeout)'),
    epollCreate: libc.func('int epoll_create1(int flags)'),
    epollControl: libc.func('int epoll_ctl(int epoll, int operation, int fd, uintptr_t event)'),
    epollWait: libc.func('int epoll_wait(int epoll, uintptr_t events, int maxEvents, int timeout)'),
    close: libc.func('int close(int fd)'),
  };
}
