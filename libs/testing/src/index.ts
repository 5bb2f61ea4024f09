export { ManualClock } from './clock/manual-clock.js';
export { RealClock } from './clock/real-clock.js';
export { SeededRandom } from './clock/seeded-random.js';
export { EtcdServer, launchEtcd, type EtcdLaunch } from './launchers/launch-etcd.js';
export {
  findBinary,
  launchProcess,
  type LaunchedProcess,
  type ProcessExit,
  type ProcessSpec,
} from './launchers/launch-process.js';
export { freePort } from './net/free-port.js';
export { TcpProxy, type ProxyTarget } from './net/tcp-proxy.js';
export { waitFor, type Expectation } from './wait-for.js';
