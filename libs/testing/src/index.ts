export { ManualClock } from './clock/manual-clock.js';
export { RealClock } from './clock/real-clock.js';
export { SeededRandom } from './clock/seeded-random.js';
export {
  messageBusConformance,
  type BusOutage,
  type MessageBusHarness,
  type RawAnswer,
} from './conformance/message-bus-conformance.js';
export { storeConformance } from './conformance/store-conformance.js';
export { type MakeStore, type StoreHarness } from './conformance/store/store-harness.js';
export { EtcdServer, launchEtcd, type EtcdLaunch } from './launchers/launch-etcd.js';
export {
  findBinary,
  launchProcess,
  type LaunchedProcess,
  type ProcessExit,
  type ProcessSpec,
} from './launchers/launch-process.js';
export { launchNats, NatsServer, type NatsLaunch } from './launchers/launch-nats.js';
export { datagramConformance, type DatagramHarness } from './conformance/datagram-conformance.js';
export { ExchangeDiffers, playTftpExchange, type TftpTarget } from './conformance/tftp/play-tftp-exchange.js';
export { readTftpExchanges, type TftpExchange, type TftpExchanges } from './conformance/tftp/tftp-exchange.js';
export { dhcpProperties } from './fuzz/dhcp-properties.js';
export { type FuzzEffort, type FuzzOutcome, type FuzzProperty } from './fuzz/fuzz-property.js';
export { tftpProperties } from './fuzz/tftp-properties.js';
export { freePort } from './net/free-port.js';
export { MemoryNetwork, type DatagramInFlight, type MemoryInterface } from './net/memory-network.js';
export { PacketCapture, type CapturedFrame, type CaptureSetup } from './net/packet-capture.js';
export { TcpProxy, type ProxyTarget } from './net/tcp-proxy.js';
export { waitFor, type Expectation } from './wait-for.js';
export { describeMachine, Fleet, type FleetSetup } from './machines/fleet.js';
export { firmwares, type Firmware } from './machines/firmware.js';
export { machineStages, type MachineFaults, type MachineStage } from './machines/machine-faults.js';
export { fleetIdentity, uuidOf, type MachineIdentity } from './machines/machine-identity.js';
export {
  briskPace,
  SimulatedMachine,
  type MachineEntry,
  type MachinePace,
  type MachineSetup,
  type SimulatedDisk,
} from './machines/simulated-machine.js';
export { SimulatedRelay, type RelayUplink } from './machines/simulated-relay.js';
export { ApiClient, CallRefused, type TaskSummary } from './lab/api-client.js';
export { Lab, startLab, type LabRegion, type LabSetup, type RegionPorts } from './lab/lab.js';
export { prepareSimulatedAssets } from './lab/simulated-assets.js';
export { launchService, ServiceProcess, type ServiceLaunch } from './launchers/launch-service.js';
export {
  durableDocumentConformance,
  durableLogConformance,
  type DurableDocumentHarness,
  type DurableLogHarness,
} from './conformance/durable-log-conformance.js';
export { typescriptArguments } from './launchers/typescript-arguments.js';
export { MemoryDisk, MemoryDocument, MemoryJournal } from './memory/memory-journal.js';
export { MemoryFiles } from './memory/memory-files.js';
export { watchedFilesConformance, type WatchedFilesHarness } from './conformance/watched-file-conformance.js';
export { EventStream, type StreamedEvent } from './lab/event-stream.js';
export { TraceCollector, type CollectedSpan } from './lab/trace-collector.js';
export { diskThatSays } from './qemu/boot-sector.js';
export { NetworkNamespace } from './qemu/network-namespace.js';
export { prepareBootAssets } from './qemu/prepare-boot-assets.js';
export { PrivateNetwork, type NetworkDoors } from './qemu/private-network.js';
export { VirtualMachine, type VirtualMachineSetup } from './qemu/virtual-machine.js';
