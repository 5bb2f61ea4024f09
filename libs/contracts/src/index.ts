export { eventTypes, type EventEnvelope, type EventType } from './events/event-envelope.js';
export { deviceSubject, deviceSubjectFilter, deviceTopic } from './nats/device-topic.js';
export { parsePayload } from './nats/parse-payload.js';
export { RemoteProblem } from './nats/remote-problem.js';
export {
  busHeaders,
  defineRequest,
  EVENT_STREAM,
  eventSubject,
  LOG_STREAM,
  logSubject,
  requestSubject,
  subjectToken,
  type RequestContract,
} from './nats/request-contract.js';
export { busProblem, parseProblem, type BusProblemCode } from './nats/request-problem.js';
export {
  type DatagramBinding,
  type DatagramHandler,
  type DatagramSocket,
  type DatagramSockets,
  type Endpoint,
} from './ports/datagram-socket.port.js';
export { type DurableDocument, type DurableLog, type LogRecord } from './ports/durable-log.port.js';
export {
  type DeviceMessage,
  type LogLine,
  type LogSource,
  type MessageBus,
  type MessageHeaders,
  type RequestOptions,
  type StoredEvent,
  type StoredLogLine,
  type Subscription,
} from './ports/message-bus.port.js';
export {
  MAX_TRANSACTION_OPS,
  type Change,
  type Comparison,
  type HeldLease,
  type LeaseId,
  type ListOptions,
  type Listing,
  type Revision,
  type Store,
  type StoreEntry,
  type TransactionOutcome,
  type Watch,
  type WatchObserver,
  type Write,
} from './ports/store.port.js';
export { type TemplateEngine, type TemplateFault } from './ports/template-engine.port.js';
export { type FieldProblem, type Problem } from './problems/problem.js';
