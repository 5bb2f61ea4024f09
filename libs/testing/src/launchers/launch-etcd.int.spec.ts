import { describe, expect, it } from 'vitest';
import { launchEtcd } from './launch-etcd.js';

async function health(endpoint: string): Promise<unknown> {
  return (await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1_000) })).json();
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
      expect(await health(endpoint)).toMatchObject({ health: 'true' });
      pid = etcd.pid;
    }
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('freezes and thaws etcd', async () => {
    await using etcd = await launchEtcd();
    etcd.pause();
    await expect(health(etcd.endpoint)).rejects.toThrow();
    etcd.resume();
    expect(await health(etcd.endpoint)).toMatchObject({ health: 'true' });
  });

  it('names the package to install when the binary is missing', async () => {
    await expect(launchEtcd({ binary: 'etcd-that-is-not-there' })).rejects.toThrow('apt-get install etcd-server');
  });
});
