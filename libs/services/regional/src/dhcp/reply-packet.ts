import type { Reply, ReplyValues } from '@rackwright/domain-netboot';
import { ANY_IPV4 } from '@rackwright/kernel';
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

const messageTypes = {
  offer: MessageType.DHCPOFFER,
  ack: MessageType.DHCPACK,
  nak: MessageType.DHCPNAK,
} as const satisfies Record<Reply['type'], MessageType>;

const pxeVendorValues: Readonly<Record<ReplyValues['pxeVendor'], PxeVendorOptions>> = {
  plain: { discoveryControl: PxeDiscovery.bootFileNow },
  // The ROM of a Raspberry Pi goes on only when the menu has an entry of this name.
  'raspberry-pi': {
    discoveryControl: PxeDiscovery.bootFileNow,
    bootMenu: [{ type: 0, description: 'Raspberry Pi Boot' }],
    menuPrompt: { timeoutSeconds: 0, prompt: 'PXE' },
  },
};

interface OptionWriter<T> {
  readonly code: number;
  /** Sent only when option 55 asks for it, or is absent: RFC 2131 section 4.3.1. */
  readonly onDemand?: boolean;
  readonly codec: Pick<OptionCodec<T>, 'encode'>;
}

type OptionFields = Omit<ReplyValues, 'ciaddr' | 'yiaddr' | 'siaddr' | 'bootFile' | 'machineId'>;

/** How each value is written. What a client needs to use its address, or to boot, is sent whatever it asks for. */
const writers: { readonly [K in keyof OptionFields]: OptionWriter<OptionFields[K]> } = {
  serverId: { code: OptionCode.ServerIdentifier, codec: ipv4Option },
  leaseSeconds: { code: OptionCode.IpAddressLeaseTime, codec: u32Option },
  renewalSeconds: { code: OptionCode.RenewalTime, codec: u32Option },
  rebindingSeconds: { code: OptionCode.RebindingTime, codec: u32Option },
  subnetMask: { code: OptionCode.SubnetMask, codec: ipv4Option },
  broadcastAddress: { code: OptionCode.BroadcastAddress, onDemand: true, codec: ipv4Option },
  routers: { code: OptionCode.Router, onDemand: true, codec: ipv4ListOption },
  dns: { code: OptionCode.DomainNameServer, onDemand: true, codec: ipv4ListOption },
  ntp: { code: OptionCode.NtpServers, onDemand: true, codec: ipv4ListOption },
  domain: { code: OptionCode.DomainName, onDemand: true, codec: textOption },
  search: { code: OptionCode.DomainSearch, onDemand: true, codec: domainSearchOption },
  mtu: { code: OptionCode.InterfaceMtu, onDemand: true, codec: u16Option },
  routes: { code: OptionCode.ClasslessStaticRoute, onDemand: true, codec: classlessRoutesOption },
  hostname: { code: OptionCode.HostName, onDemand: true, codec: textOption },
  vendorClass: { code: OptionCode.VendorClassIdentifier, codec: textOption },
  pxeVendor: {
    code: OptionCode.VendorSpecificInformation,
    codec: { encode: (style) => pxeVendorOption.encode(pxeVendorValues[style]) },
  },
  message: { code: OptionCode.Message, codec: textOption },
};

/** The option a value travels in; `undefined` for those of the header. */
export function optionCodeOf(name: keyof ReplyValues): number | undefined {
  return name in writers ? writers[name as keyof OptionFields].code : undefined;
}

/** The reply as a packet: RFC 2131 section 4.3.1, table 3. */
function replyPacketOf(request: DhcpPacket, reply: Reply): DhcpPacket {
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
    options: optionsOf(request, reply),
  };
}

/** A relayed NAK is broadcast by the relay: RFC 2131 section 4.3.2. */
function flagsOf(request: DhcpPacket, reply: Reply): number {
  return reply.type === 'nak' && request.giaddr !== ANY_IPV4 ? request.flags | BROADCAST_FLAG : request.flags;
}

function optionsOf(request: DhcpPacket, reply: Reply): Map<number, Uint8Array> {
  const options = new Map([[OptionCode.DhcpMessageType, u8Option.encode(messageTypes[reply.type])]]);
  const wanted = findOption(request.options, OptionCode.ParameterRequestList, codeListOption);
  for (const name of Object.keys(writers) as (keyof OptionFields)[]) writeField(options, { name, reply, wanted });
  // RFC 6842; RFC 4578 section 2.3 for what only boot clients send; RFC 3046 section 2.2.
  echo(options, request, OptionCode.ClientIdentifier);
  if (reply.fields.machineId !== undefined) echo(options, request, OptionCode.ClientMachineIdentifier);
  echo(options, request, OptionCode.RelayAgentInformation);
  return options;
}

interface FieldToWrite<K extends keyof OptionFields> {
  readonly name: K;
  readonly reply: Reply;
  readonly wanted: readonly number[] | undefined;
}

function writeField<K extends keyof OptionFields>(options: Map<number, Uint8Array>, field: FieldToWrite<K>): void {
  const value = field.reply.fields[field.name]?.value as OptionFields[K] | undefined;
  const { code, onDemand, codec } = writers[field.name];
  if (value === undefined || (onDemand === true && field.wanted?.includes(code) === false)) return;
  options.set(code, codec.encode(value));
}

function echo(options: Map<number, Uint8Array>, request: DhcpPacket, code: number): void {
  const value = request.options.get(code);
  if (value !== undefined) options.set(code, value);
}

/** The reply as bytes, within what the client takes. */
export function encodeReply(request: DhcpPacket, reply: Reply): Uint8Array {
  const priority = findOption(request.options, OptionCode.ParameterRequestList, codeListOption) ?? [];
  return encodeDhcp(replyPacketOf(request, reply), { maxSizeBytes: maxReplyBytes(request), priority });
}
