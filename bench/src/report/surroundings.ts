import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** Where and when figures were taken. */
export interface Surroundings {
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
}

const BYTES_PER_GIB = 1_073_741_824;

/** Describes this machine, `now` and the command given. */
export function describeSurroundings(command: string, now: Date): Surroundings {
  const processors = cpus();
  const memory = `${String(Math.round(totalmem() / BYTES_PER_GIB))} GiB`;
  return {
    date: now.toISOString().slice(0, 10),
    machine: `${String(processors.length)} x ${processors[0]?.model ?? process.arch}, ${memory}, Linux ${release()}`,
    command,
    versions: {
      node: process.versions.node,
      etcd: versionOf('etcd', ['--version']),
      nats: versionOf('nats-server', ['--version']),
    },
  };
}

function versionOf(program: string, args: readonly string[]): string {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;
  const text = execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: path } });
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown';
}
