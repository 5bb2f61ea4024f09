import type { BootClientFacts, DhcpRequest, RelayFacts } from '@rackwright/domain-netboot';
import { ANY_IPV4, fail, ok, type Ipv4, type Result } from '@rackwright/kernel';
import {
  BootpOp,
  bootClientOf,
  clientMac,
  findOption,
  ipv4Option,
  isBroadcastRequested,
  MessageType,
  messageTypeOf,
  OptionCode,
  readOption,
  relayAgentOption,
  textOption,
  type DhcpPacket,
} from '@rackwright/protocol-dhcp4';

const requestTypes: Readonly<Record<number, DhcpRequest['type']>> = {
  [MessageType.DHCPDISCOVER]: 'discover',
  [MessageType.DHCPREQUEST]: 'request',
  [MessageType.DHCPDECLINE]: 'decline',
  [MessageType.DHCPRELEASE]: 'release',
  [MessageType.DHCPINFORM]: 'inform',
};

const vendorClasses = ['PXEClient', 'HTTPClient'] as const;

/** What a lease record may keep of the host name a client calls itself by. */
const HOSTNAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$/;
const MAX_CLIENT_ID_BYTES = 255;

const given = (ip: Ipv4): Ipv4 | undefined => (ip === ANY_IPV4 ? undefined : ip);
const hex = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('hex');

/** The facts of a packet. A relay option that cannot be read is a fault: guessing the subnet would be worse. */
export function requestFactsOf(packet: DhcpPacket): Result<DhcpRequest, 'relay-option-malformed'> {
  const relay = readOption(packet.options, OptionCode.RelayAgentInformation, relayAgentOption);
  if (relay?.ok === false) return fail('relay-option-malformed');
  const type = messageTypeOf(packet);
  const facts: Writable<DhcpRequest> = {
    type: type === undefined ? untypedKind(packet) : (requestTypes[type] ?? 'other'),
    isBootRequest: packet.op === BootpOp.BOOTREQUEST,
    xid: packet.xid,
    client: clientFacts(packet),
  };
  if (isBroadcastRequested(packet)) facts.wantsBroadcast = true;
  set(facts, 'mac', clientMac(packet));
  set(facts, 'ciaddr', given(packet.ciaddr));
  set(facts, 'giaddr', given(packet.giaddr));
  set(facts, 'requestedIp', findOption(packet.options, OptionCode.RequestedIpAddress, ipv4Option));
  set(facts, 'serverId', findOption(packet.options, OptionCode.ServerIdentifier, ipv4Option));
  set(facts, 'subnetSelection', findOption(packet.options, OptionCode.SubnetSelection, ipv4Option));
  set(facts, 'clientId', clientIdOf(packet));
  set(facts, 'hostname', hostnameOf(packet));
  if (relay !== undefined) facts.relay = relayFacts(relay.value);
  return ok(facts);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function set<K extends keyof DhcpRequest>(
  facts: Writable<DhcpRequest>,
  name: K,
  value: DhcpRequest[K] | undefined,
): void {
  if (value !== undefined) facts[name] = value;
}

function clientFacts(packet: DhcpPacket): BootClientFacts {
  const { kind, architectures, uuid, vendorClass } = bootClientOf(packet);
  const announced = vendorClasses.find((name) => vendorClass?.startsWith(name) === true);
  return {
    kind,
    architectures,
    ...(uuid === undefined ? {} : { uuid }),
    ...(announced === undefined ? {} : { vendorClass: announced }),
  };
}

function untypedKind(packet: DhcpPacket): 'bootp' | 'other' {
  return packet.options.has(OptionCode.DhcpMessageType) ? 'other' : 'bootp';
}

function clientIdOf(packet: DhcpPacket): string | undefined {
  const value = packet.options.get(OptionCode.ClientIdentifier);
  return value === undefined || value.length === 0 || value.length > MAX_CLIENT_ID_BYTES ? undefined : hex(value);
}

function hostnameOf(packet: DhcpPacket): string | undefined {
  const name = findOption(packet.options, OptionCode.HostName, textOption);
  return name !== undefined && HOSTNAME.test(name) ? name : undefined;
}

function relayFacts(relay: {
  readonly circuitId?: Uint8Array;
  readonly remoteId?: Uint8Array;
  readonly linkSelection?: Ipv4;
  readonly serverOverride?: Ipv4;
  readonly usesSourcePort: boolean;
}): RelayFacts {
  const { circuitId, remoteId, linkSelection, serverOverride, usesSourcePort } = relay;
  return {
    ...(circuitId === undefined ? {} : { circuitId: hex(circuitId) }),
    ...(remoteId === undefined ? {} : { remoteId: hex(remoteId) }),
    ...(linkSelection === undefined ? {} : { linkSelection }),
    ...(serverOverride === undefined ? {} : { serverOverride }),
    usesSourcePort,
  };
}
