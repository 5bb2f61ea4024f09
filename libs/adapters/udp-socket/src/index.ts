export { inheritedDescriptors, type ListenEnvironment } from './inherited-sockets.js';
export { NodeDatagramSockets, type NodeDatagramSocketsOptions } from './node-datagram-sockets.js';
