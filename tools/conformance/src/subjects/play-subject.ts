import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetworkNamespace, PrivateNetwork } from '@rackwright/testing';
import type { Report } from '../report.js';
import type { PlayedStatement } from '../verdict.js';
import { HTTP_PORT, RESERVED, RUNNER, SERVER, siteOf, type Subject } from './subject.js';

/** Starts a subject in a network of its own and plays every statement that applies to it. Needs root. */
export async function playSubject(subject: Subject): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await PrivateNetwork.create());
  const runner = stack.use(await NetworkNamespace.create());
  await runner.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'runner', 'netns', network.networkNamespace);
  await network.addPort('runner');
  await runner.ip('address', 'add', `${RUNNER}/24`, 'dev', 'eth0');
  await runner.ip('address', 'add', `${RESERVED.ip}/24`, 'dev', 'eth0');
  await runner.ip('link', 'set', 'eth0', 'up');
  await runner.waitForLink('eth0');
  stack.use(await subject.start(network));
  const site = join(runner.dir, 'site.yaml');
  await writeFile(site, JSON.stringify(siteOf, undefined, 2));
  const statements = await run(runner.name, ['--json', '--site', site, `${SERVER}:67`, ...otherTargets(subject)]);
  return { subject: subject.name, version: await subject.version(), statements };
}

function otherTargets({ hasTftp, httpFile }: Subject): readonly string[] {
  return [
    ...(hasTftp ? ['--tftp', `${SERVER}:69`] : []),
    ...(httpFile === undefined ? [] : ['--http', `http://${SERVER}:${String(HTTP_PORT)}${httpFile}`]),
  ];
}

/** The runner as anybody starts it, on the network of the subject. */
async function run(namespace: string, args: readonly string[]): Promise<readonly PlayedStatement[]> {
  const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const parts: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => parts.push(bytes));
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const text = Buffer.concat(parts).toString('utf8');
  if (text === '') throw new Error('the runner said nothing');
  return (JSON.parse(text) as { statements: readonly PlayedStatement[] }).statements;
}
