import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { launchProcess } from '../launchers/launch-process.js';
import { typescriptArguments } from '../launchers/typescript-arguments.js';
import { freePort } from './free-port.js';

const COUNT = 40;

async function freePortsOfAnotherProcess(): Promise<readonly number[]> {
  const text = `
    import { freePort } from ${JSON.stringify(new URL('./free-port.ts', import.meta.url).href)};
    const ports = await Promise.all(Array.from({ length: ${COUNT} }, () => freePort()));
    console.log(ports.join(' '));`;
  await using child = await launchProcess({
    command: process.execPath,
    args: typescriptArguments(text),
    installHint: 'make deps',
  });
  await child.exited;
  return child.output().trim().split(' ').map(Number);
}

describe('freePort', () => {
  it('gives no port twice and none that the kernel gives to outgoing connections', async () => {
    const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const [lowest = 0, highest = 0] = range.trim().split(/\s+/).map(Number);
    const ports = await Promise.all(Array.from({ length: COUNT }, () => freePort()));
    expect(new Set(ports).size).toBe(COUNT);
    expect(ports.filter((port) => port >= lowest && port <= highest)).toEqual([]);
  });

  it('gives its ports up with its process', async () => {
    const ports = await freePortsOfAnotherProcess();
    expect(ports).toHaveLength(COUNT);
    expect(ports.every((port) => Number.isInteger(port))).toBe(true);
    const names = await readFile('/proc/net/unix', 'utf8');
    expect(ports.filter((port) => names.includes(`@rackwright-port-${String(port)}`))).toEqual([]);
  });

  it('reserves its ports from other processes while this one lives', async () => {
    const port = await freePort();
    expect(await readFile('/proc/net/unix', 'utf8')).toContain(`@rackwright-port-${String(port)}`);
  });
});
