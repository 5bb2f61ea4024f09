export { eventTypes, type EventEnvelope, type EventType } from './events/event-envelope.js';
export { outboxWrites, taskEnvelopes } from './events/outbox.js';
export { defineKey, type KeyContract, type KeyWriter } from './etcd/key-contract.js';
export { idcPrefix, keyspace, LEADER_KEY, OUTBOX_PREFIX, PROFILES_PREFIX, ROOT_PREFIX } from './etcd/keyspace.js';
export { checkDocument, decodeRecord, encodeRecord, fieldProblems, type InvalidDocument } from './etcd/record-codec.js';
export {
  IdcSettingsRecord,
  IpOwnerRecord,
  JournalCursorRecord,
  LeaseRecord,
  MachineLivenessRecord,
  MachineMetaRecord,
  MacOwnerRecord,
  NodeCommandRecord,
  NodeRecord,
  OutboxRecord,
  ProfileRecord,
  RegionHeartbeatRecord,
  RegionInfoRecord,
  RegionPresenceRecord,
  ReservationRecord,
  ServerRecord,
  SubnetGuardRecord,
  SubnetRecord,
  TaskRecord,
  UnmatchedReportRecord,
} from './etcd/records.js';
export {
  BooleanField,
  CidrField,
  EnumField,
  fieldsOf,
  IdcField,
  InstantField,
  IntegerField,
  Ipv4Field,
  JsonField,
  MacField,
  NumberField,
  ObjectField,
  ObjectListField,
  ParsedField,
  RawListField,
  SnField,
  TextField,
  TextListField,
  TextMapField,
  type FieldSpec,
} from './fields/index.js';
export { MachineFileNetboot, MachineFileRecord } from './files/machine-file.js';
export {
  DeviceQuestion,
  HardwareReport,
  InstallComplete,
  LogEntry,
  OperationComplete,
  ProgressReport,
} from './http/agent.js';
export {
  BootExplanation,
  BootReplay,
  ExplainBoot,
  explainBootProblems,
  ExplainedPacket,
  ExplainedPlace,
  MAX_EXPLAINED_PACKET_BYTES,
  MAX_REPLAYED_PACKETS,
  ReplayBoot,
  ReplayedPacket,
} from './http/boot.js';
export { Hardware, type HardwareView } from './http/hardware.js';
export { ClaimMachine, PutServer, type ServerView, type UnmatchedView } from './http/machines.js';
export { DEFAULT_LEASE_SECONDS, PutReservation, PutSubnet } from './http/network.js';
export { ActOnNode, CommandNode, CreateNode, ListNodes, nodeActions, PatchNode } from './http/nodes.js';
export { isLeaseListed, ListLeases } from './http/leases.js';
export { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT, PageQuery } from './http/paging.js';
export { IdcPath, MachinePath, MacPath, NodeCommandPath, NodePath, ProfilePath, SubnetPath } from './http/paths.js';
export {
  answerFormats,
  InitrdFile,
  PROFILE_NAME_PATTERN,
  profileFamilies,
  PutProfile,
  type AnswerFormat,
  type ProfileView,
} from './http/profiles.js';
export { BatchOptions, ReadEvents, ReadLogs } from './http/streams.js';
export {
  ApproveTask,
  BatchTasks,
  CreateTask,
  HOSTNAME_PATTERN,
  ListTasks,
  MAX_BATCH_TASKS,
  TaskReason,
  type TaskView,
} from './http/tasks.js';
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
export { busProblem, parseProblem } from './nats/request-problem.js';
export { type AddressProbe, type ProbeAnswer } from './ports/address-probe.port.js';
export {
  type DatagramBinding,
  type DatagramHandler,
  type DatagramSocket,
  type DatagramSockets,
  type Endpoint,
} from './ports/datagram-socket.port.js';
export {
  type FileTransfer,
  type FileTransfers,
  type TransferLimits,
  type TransferOutcome,
  type TransferReport,
} from './ports/file-transfers.port.js';
export { DeliveredKeys } from './ports/delivered-keys.js';
export { type DurableDocument, type DurableLog, type LogRecord } from './ports/durable-log.port.js';
export { type LinkDatagram, type LinkSender, type LinkSenders } from './ports/link-sender.port.js';
export {
  type DeviceMessage,
  type LogLine,
  type LogSource,
  type MessageBus,
  type MessageHeaders,
  type RequestOptions,
  type StoredEvent,
  type StoredLogLine,
  type StreamPosition,
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
export {
  type StreamBinding,
  type StreamListener,
  type StreamListeners,
  type StreamReceiver,
} from './ports/stream-listener.port.js';
export { type TemplateEngine, type TemplateFault } from './ports/template-engine.port.js';
export { type FileFault, type FileObserver, type WatchedFile, type WatchedFiles } from './ports/watched-file.port.js';
export {
  isProblemCode,
  problemCatalog,
  problemType,
  type ProblemCode,
  type ProblemSpec,
} from './problems/problem-catalog.js';
export { type FieldProblem, type Problem } from './problems/problem.js';
export {
  ActOnNodeRequest,
  ActOnRegionNode,
  CreateNodeRequest,
  CreateRegionNode,
  DeleteNodeReply,
  DeleteNodeRequest,
  DeleteRegionNode,
  ExplainRegionBoot,
  NodeReply,
  PatchNodeRequest,
  PatchRegionNode,
  RenderedFile,
  RenderTask,
  RenderTaskReply,
  RenderTaskRequest,
  ReplayRegionBoot,
} from './requests/region-requests.js';
