export {
  bootClientOf,
  ClientArchitecture,
  RACKWRIGHT_USER_CLASS,
  type BootClient,
  type OptionFault,
} from './boot-client.js';
export { classlessRoutesOption, type ClasslessRoute } from './classless-routes.js';
export {
  clientIdentifierOption,
  machineIdentifierOption,
  networkInterfaceOption,
  userClassOption,
  type ClientIdentifier,
  type NetworkInterfaceIdentifier,
  type UserClass,
} from './client-options.js';
export { decodeDhcp } from './decode-packet.js';
export { describeOption, type DescribedOption } from './describe-option.js';
export { domainSearchOption } from './domain-search.js';
export {
  DEFAULT_MAX_SIZE_BYTES,
  encodeDhcp,
  maxReplyBytes,
  MIN_PACKET_BYTES,
  type EncodeLimits,
} from './encode-packet.js';
export {
  codeListOption,
  findOption,
  ipv4ListOption,
  ipv4Option,
  octetsOption,
  readOption,
  textOption,
  u16ListOption,
  u16Option,
  u32Option,
  u8Option,
  type OptionCodec,
} from './option-codec.js';
export { BootpOp, DhcpPort, HTYPE_ETHERNET, MessageType, OptionCode } from './option-code.js';
export {
  BROADCAST_FLAG,
  chaddrOf,
  clientMac,
  isBroadcastRequested,
  messageTypeOf,
  type DhcpPacket,
  type OptionMap,
} from './packet.js';
export {
  PxeDiscovery,
  PxeSubOption,
  pxeVendorOption,
  type PxeBootServer,
  type PxeMenuEntry,
  type PxeVendorOptions,
} from './pxe-vendor-options.js';
export {
  decodeSubOptions,
  encodeSubOptions,
  RelaySubOption,
  relayAgentOption,
  type RelayAgentInformation,
  type SubOptionStyle,
} from './sub-options.js';
export { vendorInformationOption, type VendorInformation } from './vendor-information.js';
