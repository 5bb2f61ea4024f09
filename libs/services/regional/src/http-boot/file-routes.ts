import { send } from '@fastify/send';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseMac } from '@rackwright/kernel';
import { defineCounter, ProblemError, type Metrics } from '@rackwright/platform';
import type { AssetDirectory } from './asset-directory.js';

const filesTotal = defineCounter({
  name: 'rw_http_files_total',
  help: 'Files asked for over HTTP, by folder and outcome.',
  labels: ['folder', 'outcome'],
});

/** Octets read from disk at once: with the default of 64 KiB large images are served at half the speed. */
const READ_BYTES = 1_048_576;

/** UEFI 2.10 section 24.7.2: firmware decides by the media type what it does with a file. */
const mediaTypes: Readonly<Record<string, string>> = {
  efi: 'application/efi',
  iso: 'application/vnd.efi-iso',
  img: 'application/vnd.efi-img',
  ipxe: 'text/plain; charset=utf-8',
  cfg: 'text/plain; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

export interface FileRoutesParts {
  readonly root: AssetDirectory;
  readonly metrics: Metrics;
}

type Served = 'ipxe' | 'static' | 'repos';

/** `/ipxe`, `/static` and `/repos`: files with HEAD, Range, ETag, conditional requests and Content-Length. */
export class FileRoutes {
  readonly #parts: FileRoutesParts;
  readonly #folders: Readonly<Record<Served, AssetDirectory>>;
  #served = 0;

  constructor(parts: FileRoutesParts) {
    this.#parts = parts;
    const { root } = parts;
    this.#folders = { ipxe: root, static: root.below('static'), repos: root.below('repos') };
  }

  get served(): number {
    return this.#served;
  }

  mount(server: FastifyInstance): void {
    server.get<{ Params: { file: string } }>('/ipxe/:file', (request, reply) =>
      this.#serve(request, reply, { folder: 'ipxe', name: request.params.file }),
    );
    server.get<{ Params: { file: string; mac: string } }>('/ipxe/:mac/:file', (request, reply) => {
      if (parseMac(request.params.mac) === undefined) throw new ProblemError('not-found', 'No such file');
      return this.#serve(request, reply, { folder: 'ipxe', name: request.params.file });
    });
    for (const folder of ['static', 'repos'] as const) {
      server.get<{ Params: { '*': string } }>(`/${folder}/*`, (request, reply) =>
        this.#serve(request, reply, { folder, name: request.params['*'] }),
      );
    }
  }

  async #serve(
    request: FastifyRequest,
    reply: FastifyReply,
    { folder, name }: { readonly folder: Served; readonly name: string },
  ): Promise<FastifyReply> {
    const located = await this.#folders[folder].locate(name);
    if (!located.ok) throw this.#refusal(folder);
    const path = located.value;
    // The path is real and checked, so it is given from the root of the file system.
    const found = await send(request.raw, encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23'), {
      root: '/',
      index: false,
      dotfiles: 'allow',
      cacheControl: false,
      highWaterMark: READ_BYTES,
    });
    if (found.type !== 'file') {
      const isRange = found.type === 'error' && found.statusCode === 416;
      if (!isRange) throw this.#refusal(folder);
      this.#count(folder, 'range-refused');
      return reply.code(416).headers(contentRangeOf(found.headers)).send();
    }
    this.#served += 1;
    this.#count(folder, 'served');
    const type = mediaTypes[path.slice(path.lastIndexOf('.') + 1).toLowerCase()];
    return reply
      .code(found.statusCode)
      .headers({ ...found.headers, ...(type === undefined ? {} : { 'content-type': type }) })
      .send(found.stream);
  }

  #refusal(folder: Served): ProblemError {
    this.#count(folder, 'not-found');
    return new ProblemError('not-found', 'No such file');
  }

  #count(folder: Served, outcome: 'served' | 'not-found' | 'range-refused'): void {
    this.#parts.metrics.counter(filesTotal).increment({ folder, outcome });
  }
}

function contentRangeOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const range = headers['Content-Range'];
  return { 'content-length': '0', ...(range === undefined ? {} : { 'content-range': range }) };
}
