import { formatMac } from '@rackwright/kernel';
import { interpretIpxeScript, type IpxeReply, type IpxeRequest } from '@rackwright/protocol-ipxe-script';
import { pause, type ObtainedLease } from './dhcp-client.js';
import type { BootTarget, NetworkBoot } from './boot-context.js';

/** A machine may sit in the wait loop for days. */
const MAX_SCRIPT_STEPS = 10_000_000;

/** Fetches the boot script and does what it says, until it ends in a kernel or in the disk. */
export async function runBootScript(boot: NetworkBoot, lease: ObtainedLease): Promise<BootTarget> {
  await boot.enter('script');
  const script = await boot.http.text({ url: lease.bootFile });
  const setting = (name: string): string | undefined => settingsOf(boot, lease).get(name);
  const run = interpretIpxeScript(script, { baseUrl: lease.bootFile, setting, maxSteps: MAX_SCRIPT_STEPS });
  let step = run.next();
  while (step.done !== true) step = run.next(await answer(boot, step.value));
  const outcome = step.value;
  boot.note(`script ended: ${outcome.kind}`);
  if (outcome.kind !== 'booted') return { kind: 'disk' };
  if (outcome.others.length === 0) throw new Error(`${outcome.image.url} was booted without an initial RAM disk`);
  return { kind: 'kernel', kernelArgs: parseKernelArgs(outcome.image.args) };
}

/** The arguments of a kernel command line by name; a flag has the value ''. */
function parseKernelArgs(text: string): ReadonlyMap<string, string> {
  const words = text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return new Map(
    words.map((word) => {
      const at = word.indexOf('=');
      const [name, value] = at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
      return [name, value.replace(/^"(.*)"$/, '$1')] as const;
    }),
  );
}

function settingsOf(boot: NetworkBoot, lease: ObtainedLease): ReadonlyMap<string, string> {
  const mac = formatMac(boot.identity.mac);
  return new Map([
    ['mac', mac],
    ['net0/mac', mac],
    ['netX/mac', mac],
    ['ip', lease.ip],
    ['net0/ip', lease.ip],
    ['uuid', boot.identity.uuid],
    ['serial', boot.identity.sn],
    ['manufacturer', 'Simulated'],
    ['product', 'Simulated machine'],
    ['next-server', lease.nextServer],
    ['filename', lease.bootFile],
    ['platform', boot.traits.platform],
    ['buildarch', boot.traits.buildArch],
  ]);
}

async function answer(boot: NetworkBoot, request: IpxeRequest): Promise<IpxeReply> {
  switch (request.kind) {
    case 'sleep':
      await boot.enter('waiting');
      await pause(request.seconds * boot.scriptSecondMs, boot.signal);
      return { ok: true };
    case 'fetch':
      return fetchFor(boot, request);
    case 'sanboot':
    case 'echo':
    case 'dhcp':
    case 'boot':
      return { ok: true };
  }
}

async function fetchFor(boot: NetworkBoot, request: IpxeRequest & { readonly kind: 'fetch' }): Promise<IpxeReply> {
  if (request.purpose === 'kernel') await boot.enter('kernel');
  const answered = await boot.http.once({ url: request.url });
  if (typeof answered === 'string') return { ok: false, error: answered };
  if (answered.status !== 200) return { ok: false, error: String(answered.status) };
  const announced = answered.headers.get('content-length');
  if (announced !== String(answered.body.length)) {
    return { ok: false, error: `Content-Length ${String(announced)}, ${String(answered.body.length)} bytes came` };
  }
  if (answered.body.length === 0) return { ok: false, error: 'empty file' };
  boot.note(`${request.purpose} ${request.url}: ${String(answered.body.length)} bytes`);
  return { ok: true, content: request.purpose === 'chain' ? Buffer.from(answered.body).toString('utf8') : '' };
}
