import { waitFor, type LaunchedProcess, type PrivateNetwork } from '@rackwright/testing';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RunningPeer } from './peer.js';

const run = promisify(execFile);

/** Waits until the server of someone else listens on the port of DHCP. */
export async function launchPeer(child: LaunchedProcess, servers: PrivateNetwork): Promise<RunningPeer> {
  const assertAlive = (): void => {
    if (child.hasExited()) throw new Error(`the server has ended:\n${child.output()}`);
  };
  try {
    await waitFor(
      async () => {
        assertAlive();
        const inside = ['--net=/run/netns/' + servers.networkNamespace, 'ss', '-Hlnu', 'sport', '=', ':67'];
        return (await run('nsenter', inside)).stdout !== '';
      },
      { what: 'a DHCP server listens' },
    );
  } catch (error) {
    await child.kill9();
    throw error;
  }
  return { pid: child.pid, assertAlive, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
