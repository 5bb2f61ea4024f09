/** Structures of the Linux system call interface where pointers have eight octets; the same on x86-64 and arm64. */

/** `struct sockaddr_in`. */
export const SOCKET_ADDRESS_BYTES = 16;
export const SocketAddressField = { family: 0, port: 2, address: 4 } as const;
/** `struct iovec`. */
export const PIECE_BYTES = 16;
export const PieceField = { start: 0, length: 8 } as const;
/** `struct msghdr`, and `struct mmsghdr` which is one with a length behind it. */
export const MessageField = {
  name: 0,
  nameLength: 8,
  pieces: 16,
  pieceCount: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
} as const;
export const MANY_MESSAGE_BYTES = 64;
/** `struct cmsghdr` with the two octets of `UDP_SEGMENT`, padded. */
export const CONTROL_BYTES = 24;
export const ControlField = { length: 0, level: 8, type: 12, value: 16 } as const;
export const SEGMENT_CONTROL_LENGTH = 18;
/** `struct epoll_event`, packed on x86-64 only. */
export const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
export const EventField = { events: 0, descriptor: process.arch === 'x64' ? 4 : 8 } as const;

/** `struct statx`, the same on all machines. */
export const FILE_STATUS_BYTES = 256;
export const FileStatusField = { sizeLow: 40, sizeHigh: 44, modifiedSeconds: 112, modifiedNanoseconds: 120 } as const;

export const AF_INET = 2;
export const SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVTIMEO = 20;
export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
export const MSG_DONTWAIT = 0x40;
export const EPOLL_CTL_ADD = 1;
export const EPOLLIN = 1;
export const EPOLL_CLOEXEC = 0x80000;
export const EVENTFD_NONBLOCK_CLOEXEC = 0x800 | 0x80000;
export const PROT_READ = 1;
export const MAP_SHARED = 1;
export const MADV_WILLNEED = 3;
export const AT_EMPTY_PATH = 0x1000;
export const STATX_SIZE_AND_MTIME = 0x200 | 0x40;
