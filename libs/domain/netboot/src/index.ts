export {
  dhcpModes,
  nodeStatuses,
  type AddressRange,
  type DhcpMode,
  type Lease,
  type LeaseState,
  type Node,
  type NodeStatus,
  type RelayMatch,
  type Reservation,
  type StaticRoute,
  type Subnet,
} from './site-data.js';
