export { NatsBus } from './nats-bus.js';
export { type NatsBusOptions, type NatsTls, type StreamLimits } from './nats-bus-options.js';
