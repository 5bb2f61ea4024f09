export { IcmpAddressProbe, type IcmpAddressProbeOptions } from './icmp-address-probe.js';
export { inheritedDescriptors, type ListenEnvironment } from './inherited-sockets.js';
export { NodeDatagramSockets, type NodeDatagramSocketsOptions } from './node-datagram-sockets.js';
export { PacketLinkSenders } from './packet-link-senders.js';
