import { describe, expect, it } from 'vitest';
import { waitFor } from '../wait-for.js';
import { launchEtcd } from './launch-etcd.js';

async function health(endpoint: string, withinMs = 20_000): Promise<unknown> {
  return (await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(withinMs) })).json();
}

async function becomesHealthy(endpoint: string): Promise<void> {
  const isHealthy = async (): Promise<boolean> => ((await health(endpoint)) as { health: string }).health === 'true';
  await waitFor(isHealthy, { what: 'etcd is healthy' });
}

describe('launchEtcd', () => {
  it('starts etcd, survives kill -9 on the same port and ends the process on disposal', async () => {
    let pid: number;
    {
      await using etcd = await launchEtcd();
      const { endpoint } = etcd;
      await etcd.kill9();
      await expect(health(endpoint)).rejects.toThrow();
      await etcd.restart();
      expect(etcd.endpoint).toBe(endpoint);
      await becomesHealthy(endpoint);
      pid = etcd.pid;
    }
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('freezes and thaws etcd', async () => {
    await using etcd = await launchEtcd();
    etcd.pause();
    await expect(health(etcd.endpoint, 1_000)).rejects.toThrow();
    etcd.resume();
    await becomesHealthy(etcd.endpoint);
  });

  it('names the package to install when the binary is missing', async () => {
    await expect(launchEtcd({ binary: 'etcd-that-is-not-there' })).rejects.toThrow('apt-get install etcd-server');
  });
});
