import type { ApiPaths } from '@rackwright/platform';

interface BootRoute {
  readonly path: string;
  readonly tag: 'boot scripts' | 'boot files' | 'patched images' | 'answer files';
  readonly summary: string;
  readonly media: string;
  /** Query parameters and what they mean. */
  readonly query?: Readonly<Record<string, string>>;
}

const SCRIPT = {
  tag: 'boot scripts',
  media: 'text/plain',
  query: { arch: 'What iPXE says it runs on' },
} as const;
const FILE = { tag: 'boot files', media: 'application/octet-stream' } as const;
const ANSWER = {
  tag: 'answer files',
  query: { token: 'Boot token, unless it is in the path or a bearer token' },
} as const;
const ADDRESSES = {
  ...ANSWER.query,
  ip: 'Address of the machine',
  netmask: 'Its netmask',
  gateway: 'Its gateway',
  dns: 'Its name servers, separated by commas',
};

const answerRoutes = (path: string, summary: string, media: string): readonly BootRoute[] => [
  { ...ANSWER, path, summary, media, query: ADDRESSES },
];

const autoinstallRoutes = (['user-data', 'meta-data', 'vendor-data'] as const).flatMap((file) => {
  const media = file === 'meta-data' ? 'text/yaml' : 'text/cloud-config';
  return [
    ...answerRoutes(`/autoinstall/{mac}/${file}`, `${file} of an autoinstall`, media),
    {
      ...ANSWER,
      path: `/autoinstall/{mac}/{token}/${file}`,
      summary: `${file}, the token in the path`,
      media,
      query: {},
    },
  ];
});

const bootRoutes: readonly BootRoute[] = [
  { ...SCRIPT, path: '/boot/{mac}/boot.ipxe', summary: 'The iPXE script of a machine, by its state' },
  { ...SCRIPT, path: '/{mac}/auto.ipxe', summary: 'The same under an earlier name' },
  {
    ...SCRIPT,
    path: '/auto.ipxe',
    summary: 'The script of the machine at the source address, or one that says who it is',
    query: { ...SCRIPT.query, mac: 'MAC address, instead of the source address' },
  },
  { ...FILE, path: '/ipxe/{file}', summary: 'A boot binary; Range and conditional requests' },
  { ...FILE, path: '/ipxe/{mac}/{file}', summary: 'The same; the MAC tells machines apart in logs' },
  { ...FILE, path: '/static/{path}', summary: 'A kernel, initial RAM disk or image; Range and conditional requests' },
  { ...FILE, path: '/repos/{path}', summary: 'A file of a mirror; Range and conditional requests' },
  {
    tag: 'patched images',
    media: 'application/vnd.efi-iso',
    path: '/iso/{mac}/{name}.iso',
    summary: 'An ISO with the kernel arguments of the machine; Range and conditional requests',
  },
  ...answerRoutes('/preseed/{mac}/preseed.cfg', 'Answers for the Debian installer', 'text/plain'),
  ...answerRoutes('/api/v1/preseed/{sn}', 'The same by serial number', 'text/plain'),
  ...answerRoutes('/kickstart/{sn}', 'Answers for the installer of Rocky and Alma', 'text/plain'),
  ...answerRoutes('/api/v1/kickstart/{sn}', 'The same under an earlier name', 'text/plain'),
  ...autoinstallRoutes,
];

const text = { type: 'string' } as const;
const statuses = {
  'boot scripts': [404, 503],
  'boot files': [404, 412, 416, 503],
  'patched images': [404, 412, 416, 502, 503],
  'answer files': [400, 404, 503],
} as const;

/** The routes of the boot plane for the API description: they are mounted on Fastify and no controllers. */
export const bootRoutePaths: ApiPaths = Object.fromEntries(
  bootRoutes.map((route) => [route.path, { get: operationOf(route) }]),
);

function operationOf({ path, tag, summary, media, query = {} }: BootRoute): NonNullable<ApiPaths[string]['get']> {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return {
    tags: [tag],
    summary,
    operationId: `get${path.replaceAll(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    parameters: [
      ...inPath.map((name) => ({ name, in: 'path' as const, required: true, schema: text })),
      ...Object.entries(query).map(([name, description]) => ({
        name,
        in: 'query' as const,
        required: false,
        description,
        schema: text,
      })),
    ],
    responses: {
      200: { description: 'The answer', content: { [media]: { schema: text } } },
      ...(tag === 'boot files' || tag === 'patched images'
        ? { 206: { description: 'The range asked for' }, 304: { description: 'Unchanged' } }
        : {}),
      ...Object.fromEntries(statuses[tag].map((status) => [status, { description: 'Problem', content: problem }])),
    },
  };
}
