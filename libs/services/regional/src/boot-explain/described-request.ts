import type { ExplainBoot } from '@rackwright/contracts';
import { ANY_IPV4, macToBytes, type Mac } from '@rackwright/kernel';
import {
  BootpOp,
  BROADCAST_FLAG,
  chaddrOf,
  encodeDhcp,
  HTYPE_ETHERNET,
  ipv4Option,
  machineIdentifierOption,
  MessageType,
  networkInterfaceOption,
  OptionCode,
  relayAgentOption,
  RelaySubOption,
  textOption,
  u16ListOption,
  u8Option,
  userClassOption,
  type OptionCodec,
} from '@rackwright/protocol-dhcp4';

const messageTypes = {
  discover: MessageType.DHCPDISCOVER,
  request: MessageType.DHCPREQUEST,
  decline: MessageType.DHCPDECLINE,
  release: MessageType.DHCPRELEASE,
  inform: MessageType.DHCPINFORM,
} as const;

/** What boot ROMs and installed systems ask for. */
const WANTED = [1, 3, 6, 12, 15, 26, 28, 42, 43, 51, 54, 58, 59, 60, 66, 67, 97, 119, 121];
const X64_UEFI = 7;
const X64_UEFI_HTTP = 16;
const UNDI = { type: 1, major: 3, minor: 16 };
/** Room for everything a request can be described with. */
const MAX_REQUEST_BYTES = 4_096;

const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** The packet that a machine described by its facts would send. */
export function describedRequest(mac: Mac, body: ExplainBoot): Uint8Array {
  const packet = {
    op: BootpOp.BOOTREQUEST,
    htype: HTYPE_ETHERNET,
    hlen: 6,
    hops: body.giaddr === undefined ? 0 : 1,
    xid: Buffer.from(mac, 'hex').readUInt32BE(2),
    secs: 0,
    flags: body.ciaddr === undefined ? BROADCAST_FLAG : 0,
    ciaddr: body.ciaddr ?? ANY_IPV4,
    yiaddr: ANY_IPV4,
    siaddr: ANY_IPV4,
    giaddr: body.giaddr ?? ANY_IPV4,
    chaddr: chaddrOf(macToBytes(mac)),
    sname: '',
    file: '',
    options: new Map([...plainOptions(body), ...clientOptions(body), ...relayOptions(body)]),
  };
  return encodeDhcp(packet, { maxSizeBytes: MAX_REQUEST_BYTES });
}

type Entries = readonly (readonly [number, Uint8Array])[];

const rawOption: Pick<OptionCodec<string>, 'encode'> = { encode: octets };

/** An option for a field that was given. */
function given<T>(value: T | undefined, code: number, codec: Pick<OptionCodec<T>, 'encode'>): Entries {
  return value === undefined ? [] : [[code, codec.encode(value)]];
}

function plainOptions(body: ExplainBoot): Entries {
  return [
    [OptionCode.DhcpMessageType, u8Option.encode(messageTypes[body.type ?? 'discover'])],
    [OptionCode.ParameterRequestList, Uint8Array.from(WANTED)],
    ...given(body.requested_ip, OptionCode.RequestedIpAddress, ipv4Option),
    ...given(body.server_id, OptionCode.ServerIdentifier, ipv4Option),
    ...given(body.subnet_selection, OptionCode.SubnetSelection, ipv4Option),
    ...given(body.client_id, OptionCode.ClientIdentifier, rawOption),
    ...given(body.hostname, OptionCode.HostName, textOption),
    ...given(body.uuid?.toLowerCase(), OptionCode.ClientMachineIdentifier, machineIdentifierOption),
  ];
}

/** How each kind of client tells what it is: RFC 4578, RFC 3004, UEFI 2.10 section 24.7. */
function clientOptions(body: ExplainBoot): Entries {
  const { client = 'pxe', vendor_class, user_class } = body;
  const named = user_class ?? (client === 'ipxe' ? 'iPXE' : undefined);
  const userClass = named === undefined ? undefined : ({ form: 'raw', classes: [named] } as const);
  return [
    ...(client === 'os' ? installedSystem(body) : firmware(client, body)),
    ...given(vendor_class, OptionCode.VendorClassIdentifier, textOption),
    ...given(userClass, OptionCode.UserClass, userClassOption),
  ];
}

function installedSystem({ arch }: ExplainBoot): Entries {
  return arch === undefined ? [] : [[OptionCode.ClientSystemArchitecture, u16ListOption.encode([arch])]];
}

function firmware(client: 'pxe' | 'http' | 'ipxe', body: ExplainBoot): Entries {
  const arch = body.arch ?? (client === 'http' ? X64_UEFI_HTTP : X64_UEFI);
  const program = client === 'http' ? 'HTTPClient' : 'PXEClient';
  const vendorClass = `${program}:Arch:${String(arch).padStart(5, '0')}:UNDI:003016`;
  return [
    [OptionCode.VendorClassIdentifier, textOption.encode(vendorClass)],
    [OptionCode.ClientSystemArchitecture, u16ListOption.encode([arch])],
    [OptionCode.ClientNetworkInterface, networkInterfaceOption.encode(UNDI)],
  ];
}

function relayOptions({ relay }: ExplainBoot): Entries {
  if (relay === undefined) return [];
  const subOptions = new Map([
    ...given(relay.circuit_id, RelaySubOption.CircuitId, rawOption),
    ...given(relay.remote_id, RelaySubOption.RemoteId, rawOption),
    ...given(relay.link_selection, RelaySubOption.LinkSelection, ipv4Option),
    ...given(relay.server_override, RelaySubOption.ServerIdentifierOverride, ipv4Option),
  ]);
  return [[OptionCode.RelayAgentInformation, relayAgentOption.encode({ usesSourcePort: false, subOptions })]];
}
