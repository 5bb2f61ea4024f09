import { ipv4FromBytes, ipv4ToBytes } from '@rackwright/kernel';
import type { Endpoint } from '@rackwright/contracts';
import { libc, type CallFailure, type Libc } from './libc.js';

/** The socket calls that `node:dgram` lacks. */
export interface LinuxSockets {
  /** A bound, non-blocking UDP socket that sends and receives only through one interface, if named; its descriptor. */
  openBound(local: Endpoint, interfaceName?: string): number | CallFailure;
  /** Enlarges the receive buffer beyond `net.core.rmem_max`, which takes CAP_NET_ADMIN; whether it could. */
  enlargeReceiveBuffer(descriptor: number, bytes: number): boolean;
  /** Where an existing socket is bound. */
  describe(descriptor: number): { readonly local: Endpoint; readonly interfaceName: string } | CallFailure;
  close(descriptor: number): void;
}

/** Numbers of the Linux system call interface, the same on x86-64 and arm64. */
const AF_INET = 2;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const SO_RCVBUFFORCE = 33;
const SOCKADDR_IN_BYTES = 16;
const INTERFACE_NAME_BYTES = 16;

let loaded: LinuxSockets | undefined;

/** Binds the calls on first use. */
export function linuxSockets(): LinuxSockets {
  loaded ??= bindCalls(libc());
  return loaded;
}

function bindCalls({ func, failure }: Libc): LinuxSockets {
  const socket = func('int socket(int domain, int type, int protocol)');
  const bind = func('int bind(int fd, const void *address, uint32_t length)');
  const close = func('int close(int fd)');
  const setOption = func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
  const getOption = func('int getsockopt(int fd, int level, int name, _Out_ void *value, void *length)');
  const getName = func('int getsockname(int fd, _Out_ void *address, void *length)');

  return {
    openBound: (local, interfaceName) => {
      const descriptor = socket(AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
      if (descriptor < 0) return failure('socket');
      const device = Buffer.from(`${interfaceName ?? ''}\0`, 'latin1');
      const address = socketAddress(local);
      let failed: CallFailure | undefined;
      if (
        interfaceName !== undefined &&
        setOption(descriptor, SOL_SOCKET, SO_BINDTODEVICE, device, device.length) < 0
      ) {
        failed = failure('setsockopt SO_BINDTODEVICE');
      } else if (bind(descriptor, address, address.length) < 0) failed = failure('bind');
      if (failed !== undefined) close(descriptor);
      return failed ?? descriptor;
    },
    enlargeReceiveBuffer: (descriptor, bytes) => {
      const size = lengthOf({ length: bytes });
      return setOption(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length) === 0;
    },
    describe: (descriptor) => {
      const address = Buffer.alloc(SOCKADDR_IN_BYTES);
      const device = Buffer.alloc(INTERFACE_NAME_BYTES);
      if (getName(descriptor, address, lengthOf(address)) < 0) return failure('getsockname');
      if (getOption(descriptor, SOL_SOCKET, SO_BINDTODEVICE, device, lengthOf(device)) < 0)
        return failure('getsockopt');
      const local = { address: ipv4FromBytes(address, 4), port: address.readUInt16BE(2) };
      return { local, interfaceName: device.toString('latin1').replace(/\0.*$/s, '') };
    },
    close: (descriptor) => {
      close(descriptor);
    },
  };
}

/** `struct sockaddr_in`: family in host order, port and address in network order. */
function socketAddress({ address, port }: Endpoint): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_IN_BYTES);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(ipv4ToBytes(address), 4);
  return bytes;
}

function lengthOf(buffer: { readonly length: number }): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(buffer.length, 0);
  return length;
}
