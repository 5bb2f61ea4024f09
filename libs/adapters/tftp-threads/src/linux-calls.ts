import { createRequire } from 'node:module';

/**
 * The system calls that sending files takes. Memory is named by its address as a number, which costs nothing to hand
 * over; user addresses have at most 47 bits. Failures are negative.
 */
export interface LinuxCalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(descriptor: number, address: number, length: number): number;
  setsockopt(descriptor: number, level: number, name: number, value: number, length: number): number;
  sendmsg(descriptor: number, message: number, flags: number): number;
  sendmmsg(descriptor: number, messages: number, count: number, flags: number): number;
  recvmsg(descriptor: number, message: number, flags: number): number;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, descriptor: number, event: number): number;
  epollWait(epoll: number, events: number, maxEvents: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  read(descriptor: number, bytes: number, length: number): number;
  write(descriptor: number, bytes: number, length: number): number;
  /** The address, or a number of 64 bits on failure. */
  mmap(
    ...values: [start: number, length: number, protection: number, flags: number, fd: number, at: number]
  ): number | bigint;
  munmap(start: number, length: number): number;
  /** Of the open file itself when `path` is empty. */
  statx(...values: [descriptor: number, path: number, flags: number, mask: number, result: number]): number;
  madvise(start: number, length: number, advice: number): number;
  close(descriptor: number): number;
  /** The name of the error of the last call, such as `EFAULT`. */
  errorName(): string;
  /** Where octets are; valid as long as they are referred to. */
  addressOf(bytes: Uint8Array): number;
}

interface Koffi {
  load(library: string | null): { func(prototype: string): (...values: never[]) => number };
  address(bytes: Uint8Array): bigint;
  errno(): number;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
}

const require = createRequire(import.meta.url);
let loaded: LinuxCalls | undefined;

/** Loaded on first use. Throws where there is no such library or another layout of structures. */
export function linuxCalls(): LinuxCalls {
  loaded ??= load();
  return loaded;
}

function load(): LinuxCalls {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new Error(`no system calls are known for ${process.platform} on ${process.arch}`);
  }
  const koffi = require('koffi') as Koffi;
  const libc = koffi.load(null);
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    bind: libc.func('int bind(int fd, uintptr_t address, uint32_t length)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int name, uintptr_t value, uint32_t length)'),
    sendmsg: libc.func('intptr_t sendmsg(int fd, uintptr_t message, int flags)'),
    sendmmsg: libc.func('int sendmmsg(int fd, uintptr_t messages, uint32_t count, int flags)'),
    recvmsg: libc.func('intptr_t recvmsg(int fd, uintptr_t message, int flags)'),
    epollCreate: libc.func('int epoll_create1(int flags)'),
    epollControl: libc.func('int epoll_ctl(int epoll, int operation, int fd, uintptr_t event)'),
    epollWait: libc.func('int epoll_wait(int epoll, uintptr_t events, int count, int timeout)'),
    eventfd: libc.func('int eventfd(uint32_t initial, int flags)'),
    read: libc.func('intptr_t read(int fd, uintptr_t bytes, size_t length)'),
    write: libc.func('intptr_t write(int fd, uintptr_t bytes, size_t length)'),
    mmap: libc.func('uintptr_t mmap(uintptr_t start, size_t length, int protection, int flags, int fd, int64_t at)'),
    munmap: libc.func('int munmap(uintptr_t start, size_t length)'),
    statx: libc.func('int statx(int fd, uintptr_t path, int flags, uint32_t mask, uintptr_t result)'),
    madvise: libc.func('int madvise(uintptr_t start, size_t length, int advice)'),
    close: libc.func('int close(int fd)'),
    errorName: () => names.get(koffi.errno()) ?? 'EIO',
    addressOf: (bytes) => Number(koffi.address(bytes)),
  };
}
