import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { demoPorts, InvalidPort } from './demo-settings.js';
import { runDemo } from './run-demo.js';

interface Flags {
  readonly once: boolean;
  readonly machines: number;
  readonly stateDir: string;
  readonly timeout: number;
}

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > max) {
      throw new InvalidArgumentError(`must be a whole number from 1 to ${String(max)}`);
    }
    return value;
  };
}

const flags = new Command('demo')
  .description('Starts etcd, NATS, the control plane, two regions and simulated machines, and installs the machines.')
  .option('--once', 'end when every machine is installed: status 0, or 1 with the reason', false)
  .option('--machines <n>', 'simulated machines', wholeNumber(1_000), 20)
  .option('--state-dir <dir>', 'where all state goes', '.rackwright/demo')
  .option('--timeout <seconds>', 'how long the installations may take', wholeNumber(86_400), 300)
  .addHelpText(
    'after',
    '\nPorts are set by RW_DEMO_ETCD_PORT, RW_DEMO_NATS_PORT, RW_DEMO_MQTT_PORT, RW_DEMO_CONTROL_PLANE_PORT,\nRW_DEMO_DC1_{HTTP,DHCP,TFTP}_PORT and RW_DEMO_DC2_{HTTP,DHCP,TFTP}_PORT.',
  )
  .parse()
  .opts<Flags>();

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    stop.abort(new Error(`stopped by ${name}`));
  });
}

try {
  const failure = await runDemo({
    ports: demoPorts(process.env),
    machines: flags.machines,
    stateDir: resolve(flags.stateDir),
    once: flags.once,
    timeoutMs: flags.timeout * 1_000,
    terminal: process.stdout,
    signal: stop.signal,
  });
  if (failure !== undefined) {
    process.stderr.write(`${failure}\n`);
    process.exitCode = 1;
  }
} catch (error) {
  if (!stop.signal.aborted) {
    process.stderr.write(`${error instanceof InvalidPort ? error.message : String((error as Error).stack)}\n`);
    process.exitCode = 1;
  }
}
