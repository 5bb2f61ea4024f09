export { chooseBootScript, type BootScriptChoice, type BootScriptFacts } from './boot-script/choose-boot-script.js';
export { bootFileTable } from './dhcp/boot-file-table.js';
export { chooseSubnet } from './dhcp/choose-subnet.js';
export { decide } from './dhcp/decide.js';
export {
  type BootRefusal,
  type Destination,
  type DhcpDecision,
  type FieldSource,
  type Reply,
  type ReplyFields,
  type ReplyValues,
  type Silence,
  type SilenceReason,
  type Sourced,
} from './dhcp/dhcp-decision.js';
export { type Arrival, type BootClientFacts, type DhcpRequest, type RelayFacts } from './dhcp/dhcp-request.js';
export {
  bootpPolicies,
  directOption82Policies,
  type BootpPolicy,
  type BootSettings,
  type DirectOption82Policy,
  type NetbootView,
} from './dhcp/netboot-view.js';
export { SubnetIndex } from './dhcp/subnet-index.js';
export { MAX_POOL_ADDRESSES } from './leases/address-pool.js';
export { type LeaseChange } from './leases/lease-change.js';
export { type LeaseLookup } from './leases/lease-lookup.js';
export { isEnded, LeaseTable, type LeaseWrite } from './leases/lease-table.js';
export { SupposedLeases } from './leases/supposed-leases.js';
export {
  dhcpModes,
  leaseStates,
  nodeStatuses,
  type AddressRange,
  type DhcpMode,
  type Lease,
  type LeaseState,
  type NetworkParameters,
  type Node,
  type NodeStatus,
  type OwnBootScript,
  type RelayMatch,
  type Reservation,
  type StaticRoute,
  type Subnet,
} from './site-data.js';
