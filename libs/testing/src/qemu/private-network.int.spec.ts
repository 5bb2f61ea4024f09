import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { launchProcess } from '../launchers/launch-process.js';
import { waitFor } from '../wait-for.js';
import { PrivateNetwork } from './private-network.js';

const run = promisify(execFile);
/** Above every pid Linux gives. */
const DEAD_PID = 2 ** 22 + 1;
const INSIDE_PORT = 8081;

const answer = (host: string, port: string, text: string): string =>
  `require('node:http').createServer((_, r) => r.end(${text})).listen(${port}, '${host}')`;

async function serveOutside(text: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe('PrivateNetwork', () => {
  it('lets a server inside and one outside reach each other through the doors', async () => {
    const { server, port } = await serveOutside('from outside');
    let name: string;
    {
      await using network = await PrivateNetwork.create();
      name = network.networkNamespace;
      const [outside] = await network.openDoors({ inward: [port], outward: [INSIDE_PORT] });
      // Answers with what it got through the inward door.
      const text = `require('node:http').createServer(async (_, response) => {
        response.end('inside heard: ' + await (await fetch('http://127.0.0.1:${String(port)}')).text());
      }).listen(${String(INSIDE_PORT)}, '${network.gateway}')`;
      await using child = await launchProcess({
        command: process.execPath,
        args: ['--eval', text],
        networkNamespace: network.networkNamespace,
        installHint: 'make deps',
      });
      const heard = await waitFor(async () => (await fetch(`http://127.0.0.1:${String(outside)}`)).text(), {
        what: 'the server inside answers',
      });
      expect(heard, child.output()).toBe('inside heard: from outside');
      const [again] = await network.openDoors({ inward: [], outward: [INSIDE_PORT] });
      expect(await (await fetch(`http://127.0.0.1:${String(again)}`)).text()).toBe('inside heard: from outside');
    }
    server.close();
    expect(await readdir('/run/netns')).not.toContain(name);
    await expect(access(join(tmpdir(), name))).rejects.toThrow('ENOENT');
  });

  it('removes what a killed run left behind, with what still runs there, and nothing else', async () => {
    const orphan = `rackwright-${String(DEAD_PID)}-${randomBytes(4).toString('hex')}`;
    await mkdir(join(tmpdir(), orphan));
    await run('ip', ['netns', 'add', orphan]);
    await using left = await launchProcess({
      command: process.execPath,
      args: ['--eval', `${answer('0.0.0.0', '0', `''`)}.once('listening', () => console.log('inside'))`],
      networkNamespace: orphan,
      installHint: 'make deps',
    });
    await waitFor(() => left.output().includes('inside'), { what: 'the process runs in the namespace' });
    await using other = await PrivateNetwork.create();
    await using network = await PrivateNetwork.create();
    const names = await readdir('/run/netns');
    expect(names).not.toContain(orphan);
    expect(names).toEqual(expect.arrayContaining([other.networkNamespace, network.networkNamespace]));
    expect(await left.exited).toEqual({ exitCode: null, signal: 'SIGKILL' });
    await expect(access(join(tmpdir(), orphan))).rejects.toThrow('ENOENT');
  });
});
