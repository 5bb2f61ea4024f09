export { type CliWorld } from './cli-world.js';
export { runRackctl } from './run-rackctl.js';
