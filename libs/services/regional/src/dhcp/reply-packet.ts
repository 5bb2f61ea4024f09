import type { Reply, ReplyFields, ReplyValues } from '@rackwright/domain-netboot';
import { ANY_IPV4, type Ipv4 } from '@rackwright/kernel';
import {
  BootpOp,
  BROADCAST_FLAG,
  classlessRoutesOption,
  codeListOption,
  domainSearchOption,
  encodeDhcp,
  findOption,
  ipv4ListOption,
  ipv4Option,
  maxReplyBytes,
  MessageType,
  MIN_PACKET_BYTES,
  OptionCode,
  PxeDiscovery,
  pxeVendorOption,
  textOption,
  u16Option,
  u32Option,
  u8Option,
  type DhcpPacket,
  type OptionCodec,
  type PxeVendorOptions,
} from '@rackwright/protocol-dhcp4';

const messageTypeOctets = {
  offer: u8Option.encode(MessageType.DHCPOFFER),
  ack: u8Option.encode(MessageType.DHCPACK),
  nak: u8Option.encode(MessageType.DHCPNAK),
} as const satisfies Record<Exclude<Reply['type'], 'bootp'>, Uint8Array>;

const pxeVendorValues: Readonly<Record<ReplyValues['pxeVendor'], PxeVendorOptions>> = {
  plain: { discoveryControl: PxeDiscovery.bootFileNow },
  // The ROM of a Raspberry Pi goes on only when the menu has an entry of this name.
  'raspberry-pi': {
    discoveryControl: PxeDiscovery.bootFileNow,
    bootMenu: [{ type: 0, description: 'Raspberry Pi Boot' }],
    menuPrompt: { timeoutSeconds: 0, prompt: 'PXE' },
  },
};

/** `always`; unless option 55 is there and leaves it out (RFC 2131 section 4.3.1); only when option 55 names it. */
type Demand = 'always' | 'unless-unwanted' | 'when-asked';

interface OptionWriter<T> {
  readonly code: number;
  readonly demand: Demand;
  readonly encode: (value: T) => Uint8Array;
}

type OptionFields = Omit<ReplyValues, 'ciaddr' | 'yiaddr' | 'siaddr' | 'machineId' | 'pxeVendor' | 'traceparent'>;
type Writers = { readonly [K in keyof OptionFields]: readonly OptionWriter<OptionFields[K]>[] };

type Encoder<T> = Pick<OptionCodec<T>, 'encode'>;

function sent<T>(code: number, codec: Encoder<T>, demand: Demand): readonly [OptionWriter<T>] {
  return [{ code, demand, encode: rememberingLast(codec) }];
}

/** Machines of one subnet are told the same: the octets of the last value are used again. */
function rememberingLast<T>({ encode }: Encoder<T>): OptionWriter<T>['encode'] {
  let last: { readonly value: T; readonly octets: Uint8Array } | undefined;
  return (value) => {
    if (last?.value !== value) last = { value, octets: encode(value) };
    return last.octets;
  };
}

/**
 * EDK2 writes a NUL behind option 67 unless it ends in one, over the next option, and then finds the message malformed.
 * Every receiver takes a NUL at the end off: RFC 2132 section 2.
 */
const terminatedText: Encoder<string> = { encode: (text) => textOption.encode(`${text}\0`) };
const ipv4AsText: Encoder<Ipv4> = { encode: (ip) => textOption.encode(ip) };
const ipv4AsList: Encoder<Ipv4> = { encode: (ip) => ipv4ListOption.encode([ip]) };

/** How each value is written. What a client needs to use its address, or to boot, is sent whatever it asks for. */
const writers: Writers = {
  serverId: sent(OptionCode.ServerIdentifier, ipv4Option, 'always'),
  leaseSeconds: sent(OptionCode.IpAddressLeaseTime, u32Option, 'always'),
  renewalSeconds: sent(OptionCode.RenewalTime, u32Option, 'always'),
  rebindingSeconds: sent(OptionCode.RebindingTime, u32Option, 'always'),
  subnetMask: sent(OptionCode.SubnetMask, ipv4Option, 'always'),
  broadcastAddress: sent(OptionCode.BroadcastAddress, ipv4Option, 'unless-unwanted'),
  routers: sent(OptionCode.Router, ipv4ListOption, 'unless-unwanted'),
  dns: sent(OptionCode.DomainNameServer, ipv4ListOption, 'unless-unwanted'),
  ntp: sent(OptionCode.NtpServers, ipv4ListOption, 'unless-unwanted'),
  logServers: sent(OptionCode.LogServer, ipv4ListOption, 'unless-unwanted'),
  domain: sent(OptionCode.DomainName, textOption, 'unless-unwanted'),
  search: sent(OptionCode.DomainSearch, domainSearchOption, 'unless-unwanted'),
  mtu: sent(OptionCode.InterfaceMtu, u16Option, 'unless-unwanted'),
  routes: sent(OptionCode.ClasslessStaticRoute, classlessRoutesOption, 'unless-unwanted'),
  hostname: sent(OptionCode.HostName, textOption, 'unless-unwanted'),
  vendorClass: sent(OptionCode.VendorClassIdentifier, textOption, 'always'),
  // Besides siaddr and file, for the clients that look for them here: RFC 2132 sections 9.4 and 9.5, RFC 5859.
  tftpServer: [
    ...sent(OptionCode.TftpServerName, ipv4AsText, 'when-asked'),
    ...sent(OptionCode.TftpServerAddress, ipv4AsList, 'when-asked'),
  ],
  bootFile: sent(OptionCode.BootfileName, terminatedText, 'when-asked'),
  message: sent(OptionCode.Message, textOption, 'always'),
};

/** The option a value travels in, the first of several; `undefined` for those of the header. */
export function optionCodeOf(name: keyof ReplyValues): number | undefined {
  if (name === 'pxeVendor' || name === 'traceparent') return OptionCode.VendorSpecificInformation;
  if (name === 'machineId') return OptionCode.ClientMachineIdentifier;
  return name in writers ? writers[name as keyof OptionFields][0]?.code : undefined;
}

/** By code, the order of the wire, so that nothing has to be sorted. */
const writtenFields = (Object.keys(writers) as (keyof OptionFields)[]).sort(
  (left, right) => (optionCodeOf(left) ?? 0) - (optionCodeOf(right) ?? 0),
);

/** What the header field takes with its NUL: RFC 2131 section 2. */
const MAX_FILE_OCTETS = 127;
/** RFC 4578 section 2.3: a type and sixteen octets; what is of another length is no machine identifier. */
const MACHINE_ID_BYTES = 17;
/** Not assigned by PXE 2.1; iPXE shows it as `${43.69:string}`. */
const TRACEPARENT_SUB_OPTION = 69;

interface Encoding {
  readonly request: DhcpPacket;
  readonly reply: Reply;
  /** Option 55. */
  readonly wanted: readonly number[] | undefined;
}

/** The reply as a packet: RFC 2131 section 4.3.1, table 3. */
function replyPacketOf(encoding: Encoding): DhcpPacket {
  const { request, reply } = encoding;
  const { ciaddr, yiaddr, siaddr, bootFile } = reply.fields;
  return {
    op: BootpOp.BOOTREPLY,
    htype: request.htype,
    hlen: request.hlen,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: flagsOf(request, reply),
    ciaddr: ciaddr?.value ?? ANY_IPV4,
    yiaddr: yiaddr?.value ?? ANY_IPV4,
    siaddr: siaddr?.value ?? ANY_IPV4,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: '',
    file: bootFile?.value ?? '',
    options: optionsOf(encoding),
  };
}

/** A relayed NAK is broadcast by the relay: RFC 2131 section 4.3.2. */
function flagsOf(request: DhcpPacket, reply: Reply): number {
  return reply.type === 'nak' && request.giaddr !== ANY_IPV4 ? request.flags | BROADCAST_FLAG : request.flags;
}

function optionsOf({ request, reply, wanted }: Encoding): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  const { fields, type } = reply;
  if (type !== 'bootp') options.set(OptionCode.DhcpMessageType, messageTypeOctets[type]);
  for (const name of writtenFields) writeField(options, name, { fields, wanted });
  const bootFile = fields.bootFile?.value;
  if (bootFile !== undefined && bootFile.length > MAX_FILE_OCTETS) {
    options.set(OptionCode.BootfileName, terminatedText.encode(bootFile));
  }
  writePxeVendor(options, { request, reply, wanted });
  // RFC 6842; RFC 4578 section 2.3; RFC 3046 section 2.2.
  if (type !== 'bootp') echo(options, request, OptionCode.ClientIdentifier);
  if (request.options.get(OptionCode.ClientMachineIdentifier)?.length === MACHINE_ID_BYTES && type !== 'nak') {
    echo(options, request, OptionCode.ClientMachineIdentifier);
  }
  echo(options, request, OptionCode.RelayAgentInformation);
  return options;
}

function writeField(
  options: Map<number, Uint8Array>,
  name: keyof OptionFields,
  { fields, wanted }: { readonly fields: ReplyFields; readonly wanted: readonly number[] | undefined },
): void {
  const field = fields[name];
  if (field === undefined) return;
  // The table pairs each field with codecs of its own type, which the union over all fields cannot show.
  for (const { code, demand, encode } of writers[name] as readonly OptionWriter<unknown>[]) {
    if (isSent(demand, code, wanted)) options.set(code, encode(field.value));
  }
}

function isSent(demand: Demand, code: number, wanted: readonly number[] | undefined): boolean {
  if (demand === 'always') return true;
  return wanted === undefined ? demand === 'unless-unwanted' : wanted.includes(code);
}

/** Option 43: how to boot for firmware, the trace for iPXE if it asks, and the boot item it named (PXE 2.1 table 2-1). */
function writePxeVendor(options: Map<number, Uint8Array>, { request, reply, wanted }: Encoding): void {
  const { pxeVendor, traceparent } = reply.fields;
  const trace = wanted?.includes(OptionCode.VendorSpecificInformation) === true ? traceparent : undefined;
  if (pxeVendor === undefined && trace === undefined) return;
  const asked = findOption(request.options, OptionCode.VendorSpecificInformation, pxeVendorOption);
  const vendor: PxeVendorOptions = {
    ...(pxeVendor === undefined ? {} : pxeVendorValues[pxeVendor.value]),
    ...(asked?.bootItem === undefined ? {} : { bootItem: asked.bootItem }),
    ...(trace === undefined ? {} : { others: new Map([[TRACEPARENT_SUB_OPTION, textOption.encode(trace.value)]]) }),
  };
  options.set(OptionCode.VendorSpecificInformation, pxeVendorOption.encode(vendor));
}

function echo(options: Map<number, Uint8Array>, request: DhcpPacket, code: number): void {
  const value = request.options.get(code);
  if (value !== undefined) options.set(code, value);
}

/** The reply as bytes, within what the client takes. */
export function encodeReply(request: DhcpPacket, reply: Reply): Uint8Array {
  const wanted = findOption(request.options, OptionCode.ParameterRequestList, codeListOption);
  const isBootp = reply.type === 'bootp';
  return encodeDhcp(replyPacketOf({ request, reply, wanted }), {
    maxSizeBytes: isBootp ? MIN_PACKET_BYTES : maxReplyBytes(request),
    mayOverload: !isBootp,
    priority: wanted ?? [],
  });
}
