import { duration, integer, list, parsed, setting, text, url } from '@rackwright/platform';
import { HOOK_OS_MAGIC } from './iso-magic.js';
import { parseIsoUpstream } from './iso-upstream.js';

/** A magic string shorter than this could stand in an image by chance. */
const MIN_MAGIC_CHARS = 16;
const MAX_MAGIC_CHARS = 4_096;

/** Settings of ISO images with a patch per machine; spread into the settings of the regional service. */
export const isoSettings = {
  isoUpstreams: setting<readonly string[]>({
    key: 'iso.upstreams',
    type: list(
      parsed<string>('name=http://…/image.iso, optionally with #sha256=digest at its end', (value) =>
        parseIsoUpstream(value) === undefined ? undefined : value,
      ),
    ),
    default: [],
    description: 'ISO images that are fetched once and served at /iso/{mac}/{name}.iso. Nothing else is ever fetched.',
  }),
  isoRedirects: setting<readonly string[]>({
    key: 'iso.redirects',
    type: list(url('http', 'https')),
    default: [],
    description: 'URL prefixes to which an upstream may redirect, besides the folder of its own URL.',
  }),
  isoMagic: setting({
    key: 'iso.magic',
    type: parsed<string>(`${MIN_MAGIC_CHARS} to ${MAX_MAGIC_CHARS} letters, digits, - and _`, (value) =>
      new RegExp(`^[A-Za-z0-9_-]{${MIN_MAGIC_CHARS},${MAX_MAGIC_CHARS}}$`).test(value) ? value : undefined,
    ),
    default: HOOK_OS_MAGIC,
    aliases: ['SMEE_ISO_MAGIC_STRING'],
    description:
      'Text in the kernel command line of the image that is replaced by the arguments for the machine. Default: that of ' +
      'HookOS.',
  }),
  isoKernelArgs: setting({
    key: 'iso.kernel_args',
    type: text('kernel arguments'),
    default: '',
    aliases: ['SMEE_EXTRA_KERNEL_ARGS'],
    description: 'Kernel arguments for every machine that boots from a patched ISO.',
  }),
  isoMaxMb: setting({
    key: 'iso.max_mb',
    type: integer(1, 1_048_576),
    default: 16_384,
    description: 'Largest ISO fetched from an upstream, in MiB.',
  }),
  isoCacheMaxMb: setting({
    key: 'iso.cache_max_mb',
    type: integer(1, 16_777_216),
    default: 65_536,
    description: 'Disk space for fetched ISOs, in MiB; those not used for longest make room.',
  }),
  isoRevalidate: setting({
    key: 'iso.revalidate',
    type: duration(),
    default: 3_600_000,
    description: 'An upstream is asked whether its ISO changed when it is used and the last answer is older than this.',
  }),
  isoUpstreamTimeout: setting({
    key: 'iso.upstream_timeout',
    type: duration(),
    default: 30_000,
    description: 'An upstream that sends nothing for this long is given up, and asked again later.',
  }),
  isoWait: setting({
    key: 'iso.wait',
    type: duration(),
    default: 20_000,
    description: 'How long a machine waits for octets that are still being fetched before it is told to come again.',
  }),
};
