import { libc, type CallFailure, type Libc } from './libc.js';

/** Numbers of the Linux system call interface, the same on x86-64 and arm64. */
const AF_PACKET = 17;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
const ETHERTYPE_IPV4 = 0x0800;
const SIOCGIFHWADDR = 0x8927;
const ARPHRD_ETHER = 1;
const IFREQ_BYTES = 40;
const INTERFACE_NAME_BYTES = 16;
const SOCKADDR_LL_BYTES = 20;
const ETHERNET_ADDRESS_BYTES = 6;

/** Where a frame goes: out of which interface, to which network card. */
interface LinkTarget {
  readonly interfaceIndex: number;
  readonly hardwareAddress: Uint8Array;
}

/** The calls that put IPv4 packets into Ethernet frames: packet(7). */
export interface PacketSockets {
  /** A socket that only sends; its descriptor. */
  open(): number | CallFailure;
  /** The index of an Ethernet interface; `ENODEV` when there is none of that name, `EPROTONOSUPPORT` for other kinds. */
  ethernetIndex(descriptor: number, interfaceName: string): number | CallFailure;
  /** Sends one packet; the kernel puts the frame's header in front. */
  send(descriptor: number, packet: Uint8Array, to: LinkTarget): CallFailure | undefined;
  close(descriptor: number): void;
}

let bound: PacketSockets | undefined;

/** Binds the calls on first use. */
export function packetSockets(): PacketSockets {
  bound ??= bindCalls(libc());
  return bound;
}

function bindCalls({ func, failure }: Libc): PacketSockets {
  const socket = func('int socket(int domain, int type, int protocol)');
  const close = func('int close(int fd)');
  const control = func('int ioctl(int fd, unsigned long request, _Inout_ void *argument)');
  const indexOf = func('unsigned int if_nametoindex(const char *name)');
  const sendTo = func(
    'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *to, uint32_t toLength)',
  );

  return {
    // Protocol 0: nothing that arrives is copied to it.
    open: () => {
      const descriptor = socket(AF_PACKET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
      return descriptor < 0 ? failure('socket AF_PACKET') : descriptor;
    },
    ethernetIndex: (descriptor, interfaceName) => {
      const request = Buffer.alloc(IFREQ_BYTES);
      request.write(interfaceName, 0, INTERFACE_NAME_BYTES - 1, 'latin1');
      if (control(descriptor, SIOCGIFHWADDR, request) < 0) return failure('ioctl SIOCGIFHWADDR');
      if (request.readUInt16LE(INTERFACE_NAME_BYTES) !== ARPHRD_ETHER) {
        return { call: 'ioctl SIOCGIFHWADDR', code: 'EPROTONOSUPPORT' };
      }
      const index = indexOf(interfaceName);
      return index === 0 ? failure('if_nametoindex') : index;
    },
    send: (descriptor, packet, to) => {
      const address = linkAddress(to);
      const sent = sendTo(descriptor, packet, packet.length, 0, address, address.length);
      return sent < 0 ? failure('sendto') : undefined;
    },
    close: (descriptor) => {
      close(descriptor);
    },
  };
}

/** `struct sockaddr_ll`: the protocol in network order, the rest in host order. */
function linkAddress({ interfaceIndex, hardwareAddress }: LinkTarget): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_LL_BYTES);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeUInt16BE(ETHERTYPE_IPV4, 2);
  bytes.writeInt32LE(interfaceIndex, 4);
  bytes[11] = ETHERNET_ADDRESS_BYTES;
  bytes.set(hardwareAddress, 12);
  return bytes;
}
