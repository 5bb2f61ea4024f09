import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { randomHex, type Random } from '@rackwright/kernel';
import type { ContentFacts, IsoContent } from './iso-content.js';
import type { IsoUpstream } from './iso-upstream.js';
import type { UpstreamAnswer, UpstreamClient } from './upstream-client.js';
import { UpstreamError } from './upstream-fault.js';

export interface IsoDownloadParts {
  readonly upstream: IsoUpstream;
  readonly client: UpstreamClient;
  readonly maxBytes: number;
  readonly random: Random;
  /** Makes room for, and begins, a content. */
  readonly begin: (facts: ContentFacts) => Promise<IsoContent>;
  /** Told of octets that came from the upstream. */
  readonly onOctets: (octets: number) => void;
}

/** What the upstream has, seen from what is on disk. */
export type FetchOutcome = { readonly kind: 'complete'; readonly content: IsoContent } | { readonly kind: 'unchanged' };

const GENERATION_OCTETS = 16;

/** Fetches the rest of `content`, or all of a new one when there is none or the upstream has another one now. */
export async function fetchIso(
  parts: IsoDownloadParts,
  content: IsoContent | undefined,
  signal: AbortSignal,
): Promise<FetchOutcome> {
  const answer = await parts.client.get(parts.upstream.url, conditionsFor(content), signal);
  try {
    return await takeAnswer(parts, content, answer);
  } finally {
    answer.body.destroy();
  }
}

async function takeAnswer(
  parts: IsoDownloadParts,
  content: IsoContent | undefined,
  answer: UpstreamAnswer,
): Promise<FetchOutcome> {
  if (answer.status === 304 && content?.isComplete === true) return { kind: 'unchanged' };
  if (answer.status === 206 && content !== undefined && continues(content, answer.headers)) {
    return receive(parts, content, answer);
  }
  if (answer.status === 200) return takeWhole(parts, content, answer);
  throw refusedBy(answer.status);
}

function refusedBy(status: number): UpstreamError {
  // A part that cannot be continued (416, or another part than asked for) is fetched anew by the next attempt.
  if (status === 416 || status === 206) {
    return new UpstreamError('upstream-changed', 'the upstream has something else now', { isPassing: true });
  }
  const isPassing = status >= 500 || status === 429;
  return new UpstreamError('upstream-refused', `the upstream answered ${status}`, { isPassing });
}

/** The upstream sends all of it, although a part or nothing was asked for: the same as on disk, or something else. */
async function takeWhole(
  parts: IsoDownloadParts,
  content: IsoContent | undefined,
  answer: UpstreamAnswer,
): Promise<FetchOutcome> {
  const facts = factsOf(parts, answer.headers);
  if (content?.facts.identity === facts.identity) {
    if (content.isComplete) return { kind: 'unchanged' };
    const isSame = parts.upstream.sha256 !== undefined || !isWeak(facts.etag);
    if (isSame) return receive(parts, content, { ...answer, skip: content.fetched });
  }
  return receive(parts, await parts.begin(facts), answer);
}

async function receive(
  { upstream, onOctets }: IsoDownloadParts,
  content: IsoContent,
  { body, skip = 0 }: UpstreamAnswer & { readonly skip?: number },
): Promise<FetchOutcome> {
  let toSkip = skip;
  try {
    for await (const piece of body) {
      const chunk = piece as Buffer;
      onOctets(chunk.length);
      const known = Math.min(toSkip, chunk.length);
      toSkip -= known;
      if (known < chunk.length) await content.append(chunk.subarray(known));
    }
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    throw new UpstreamError('upstream-cut-short', 'the upstream broke off', { isPassing: true, cause });
  }
  if (content.fetched !== content.facts.sizeBytes) {
    throw new UpstreamError('upstream-cut-short', 'the upstream ended too early', { isPassing: true });
  }
  if (upstream.sha256 !== undefined && (await content.digest()) !== upstream.sha256) {
    throw new UpstreamError('upstream-digest-mismatch', 'the image does not have the digest it should have');
  }
  await content.complete();
  return { kind: 'complete', content };
}

/** RFC 9110 sections 13.1.2 and 13.1.5. */
function conditionsFor(content: IsoContent | undefined): Record<string, string> {
  if (content === undefined) return {};
  const { etag, lastModified } = content.facts;
  if (content.isComplete) {
    if (etag !== undefined) return { 'if-none-match': etag };
    return lastModified === undefined ? {} : { 'if-modified-since': lastModified };
  }
  const validator = isWeak(etag) ? undefined : (etag ?? lastModified);
  if (validator === undefined || content.fetched === 0) return {};
  return { range: `bytes=${content.fetched}-`, 'if-range': validator };
}

/** A weak tag is the same for contents that differ in octets, so parts under it do not make a whole. */
function isWeak(etag: string | undefined): boolean {
  return etag?.startsWith('W/') === true;
}

const CONTENT_RANGE = /^bytes (\d+)-\d+\/(\d+)$/;

function continues(content: IsoContent, headers: IncomingHttpHeaders): boolean {
  const [, start, size] = CONTENT_RANGE.exec(headers['content-range'] ?? '') ?? [];
  return Number(start) === content.fetched && Number(size) === content.facts.sizeBytes;
}

function factsOf({ upstream, maxBytes, random }: IsoDownloadParts, headers: IncomingHttpHeaders): ContentFacts {
  const length = headers['content-length'];
  const sizeBytes = Number(length);
  if (length === undefined || !Number.isSafeInteger(sizeBytes) || headers['content-encoding'] !== undefined) {
    throw new UpstreamError('upstream-length-unknown', 'the upstream does not say how long the image is');
  }
  if (sizeBytes > maxBytes) {
    throw new UpstreamError('upstream-too-large', `the image has ${sizeBytes} octets, more than allowed`);
  }
  const { etag, 'last-modified': lastModified } = headers;
  const validators = upstream.sha256 ?? etag ?? lastModified ?? randomHex(random, GENERATION_OCTETS);
  const identity = createHash('sha256').update(`${upstream.url}\n${validators}\n${sizeBytes}`).digest('hex');
  return {
    url: upstream.url,
    identity,
    sizeBytes,
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}
