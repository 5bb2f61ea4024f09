export {
  findBinary,
  launchProcess,
  type LaunchedProcess,
  type ProcessExit,
  type ProcessSpec,
} from './launchers/launch-process.js';
export { freePort } from './net/free-port.js';
export { waitFor, type Expectation } from './wait-for.js';
