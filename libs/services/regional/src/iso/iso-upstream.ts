/** An ISO image that may be fetched. */
export interface IsoUpstream {
  readonly name: string;
  /** Without fragment. */
  readonly url: string;
  /** Digest it has to have; 64 lower-case hexadecimal digits. */
  readonly sha256?: string;
}

const SHAPE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})=(https?:\/\/.+)$/;
const DIGEST_FRAGMENT = /^#sha256=([0-9a-f]{64})$/;

/** Parses `name=url` with an optional `#sha256=digest`; `undefined` when it is not of that form. */
export function parseIsoUpstream(text: string): IsoUpstream | undefined {
  const [, name, address] = SHAPE.exec(text) ?? [];
  if (name === undefined || address === undefined || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const [, sha256] = DIGEST_FRAGMENT.exec(url.hash) ?? [];
  if (url.hash !== '' && sha256 === undefined) return undefined;
  if (!isPlain(url)) return undefined;
  url.hash = '';
  return { name, url: url.href, ...(sha256 === undefined ? {} : { sha256 }) };
}

/** What may be fetched: the upstreams, and redirections to below one of some prefixes. */
export class UpstreamAllowList {
  readonly #prefixes: readonly URL[];

  /** `prefixes` are URLs; the folder of each upstream is one as well. */
  constructor(upstreams: readonly IsoUpstream[], prefixes: readonly string[]) {
    const folders = upstreams.map(({ url }) => new URL('.', url));
    this.#prefixes = [...folders, ...prefixes.map((prefix) => new URL(prefix))];
  }

  /** Compared as parsed, so that no spelling of a path leads out of a folder. */
  allows(url: URL): boolean {
    return isPlain(url) && this.#prefixes.some((prefix) => url.origin === prefix.origin && isBelow(url, prefix));
  }
}

/** Without credentials, and not another scheme. */
function isPlain({ protocol, username, password, hostname }: URL): boolean {
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' && hostname !== '';
}

/** An encoded slash or backslash may be a separator to the server behind. */
const HIDDEN_SEPARATOR = /%2f|%5c|\\/i;

function isBelow({ pathname }: URL, prefix: URL): boolean {
  if (HIDDEN_SEPARATOR.test(pathname)) return false;
  const folder = prefix.pathname.endsWith('/') ? prefix.pathname : `${prefix.pathname}/`;
  return pathname === prefix.pathname || pathname.startsWith(folder);
}
