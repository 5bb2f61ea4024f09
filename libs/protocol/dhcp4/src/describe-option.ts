import { formatMac, macFromBytes } from '@rackwright/kernel';
import { classlessRoutesOption } from './classless-routes.js';
import { machineIdentifierOption, networkInterfaceOption, userClassOption } from './client-options.js';
import { domainSearchOption } from './domain-search.js';
import { MessageType, OptionCode } from './option-code.js';
import {
  codeListOption,
  ipv4ListOption,
  textOption,
  u16ListOption,
  u16Option,
  u32Option,
  u8Option,
  type OptionCodec,
} from './option-codec.js';
import { decodeSubOptions, type SubOptionStyle } from './sub-options.js';
import { vendorInformationOption } from './vendor-information.js';

/** One option in words. */
export interface DescribedOption {
  readonly code: number;
  /** Lower-case words, `option 200` for a code without a name here. */
  readonly name: string;
  /** The value as people write it; printable, and hexadecimal where the octets break the option's format. */
  readonly text: string;
}

type Describe = (value: Uint8Array) => string | undefined;

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** What `format` makes of the decoded value; `undefined` when the octets break the format or do not print. */
function by<T>(codec: Pick<OptionCodec<T>, 'decode'>, format: (value: T) => string): Describe {
  return (value) => {
    const decoded = codec.decode(value);
    if (!decoded.ok) return undefined;
    const text = format(decoded.value);
    return isPrintable(text) ? text : undefined;
  };
}

function listed(items: readonly (string | number)[]): string {
  return items.join(', ');
}

/** Sub-options as `code:value`, text where it prints. */
function subOptions(style: SubOptionStyle): Describe {
  return by({ decode: (value) => decodeSubOptions(value, style) }, (found) =>
    listed([...found].map(([code, value]) => `${code}:${hex(value)}`)),
  );
}

const typeNames = new Map<number, string>(Object.entries(MessageType).map(([name, type]) => [type, name]));
const number = (codec: OptionCodec<number>): Describe => by(codec, String);
const seconds = by(u32Option, (value) => `${value} s`);
const addresses = by(ipv4ListOption, listed);
const text = by(textOption, (value) => value);
const octets: Describe = (value) => hex(value);

/** Option 61: type 1 carries a hardware address (RFC 2132 section 9.14). */
const clientIdentifier: Describe = (value) => {
  const mac = value.length === 7 && value[0] === 1 ? macFromBytes(value.subarray(1)) : undefined;
  return mac === undefined ? undefined : `ethernet ${formatMac(mac)}`;
};

const describers: Readonly<Record<number, Describe>> = {
  [OptionCode.SubnetMask]: addresses,
  [OptionCode.Router]: addresses,
  [OptionCode.DomainNameServer]: addresses,
  [OptionCode.LogServer]: addresses,
  [OptionCode.HostName]: text,
  [OptionCode.DomainName]: text,
  [OptionCode.RootPath]: text,
  [OptionCode.InterfaceMtu]: number(u16Option),
  [OptionCode.BroadcastAddress]: addresses,
  [OptionCode.NtpServers]: addresses,
  [OptionCode.VendorSpecificInformation]: subOptions('pad-and-end'),
  [OptionCode.RequestedIpAddress]: addresses,
  [OptionCode.IpAddressLeaseTime]: seconds,
  [OptionCode.OptionOverload]: number(u8Option),
  [OptionCode.DhcpMessageType]: by(u8Option, (type) => typeNames.get(type) ?? `type ${type}`),
  [OptionCode.ServerIdentifier]: addresses,
  [OptionCode.ParameterRequestList]: by(codeListOption, listed),
  [OptionCode.Message]: text,
  [OptionCode.MaximumDhcpMessageSize]: number(u16Option),
  [OptionCode.RenewalTime]: seconds,
  [OptionCode.RebindingTime]: seconds,
  [OptionCode.VendorClassIdentifier]: text,
  [OptionCode.ClientIdentifier]: clientIdentifier,
  [OptionCode.TftpServerName]: text,
  [OptionCode.BootfileName]: text,
  [OptionCode.UserClass]: by(userClassOption, ({ classes }) => listed(classes)),
  [OptionCode.RelayAgentInformation]: subOptions('plain'),
  [OptionCode.ClientSystemArchitecture]: by(u16ListOption, listed),
  [OptionCode.ClientNetworkInterface]: by(
    networkInterfaceOption,
    ({ type, major, minor }) => `type ${type}, version ${major}.${minor}`,
  ),
  [OptionCode.ClientMachineIdentifier]: by(machineIdentifierOption, (uuid) => uuid),
  [OptionCode.SubnetSelection]: addresses,
  [OptionCode.DomainSearch]: by(domainSearchOption, listed),
  [OptionCode.ClasslessStaticRoute]: by(classlessRoutesOption, (routes) =>
    listed(routes.map(({ destination, gateway }) => `${destination} by ${gateway}`)),
  ),
  [OptionCode.VendorIdentifyingVendorInformation]: by(vendorInformationOption, (vendors) =>
    listed(vendors.map(({ enterprise, data }) => `enterprise ${enterprise} ${hex(data)}`)),
  ),
  [OptionCode.TftpServerAddress]: addresses,
  [OptionCode.EtherbootOptions]: subOptions('pad-and-end'),
};

const names = new Map<number, string>(
  Object.entries(OptionCode).map(([name, code]) => [
    code,
    name.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase(),
  ]),
);

/** Puts one option into words; any octets are fine. */
export function describeOption(code: number, value: Uint8Array): DescribedOption {
  const described = describers[code]?.(value) ?? octets(value) ?? '';
  return { code, name: names.get(code) ?? `option ${code}`, text: described };
}
