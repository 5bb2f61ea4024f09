import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '@rackwright/testing';
import { TestUpstream } from './iso-upstream-fixture.js';
import { UpstreamAllowList } from './iso-upstream.js';
import { UpstreamClient, type UpstreamAnswer } from './upstream-client.js';

const bytes = Buffer.alloc(1_048_576, 'x');
let upstream: TestUpstream;
let url: string;

beforeEach(async () => {
  upstream = new TestUpstream(bytes);
  url = `${await upstream.listen()}/x.iso`;
});
afterEach(() => upstream[Symbol.asyncDispose]());

function ask(): Promise<UpstreamAnswer> {
  const allowed = new UpstreamAllowList([{ name: 'x', url }], []);
  return new UpstreamClient({ allowed, timeoutMs: 60_000 }).get(url, {}, new AbortController().signal);
}

describe('the time for which an upstream may be silent', () => {
  it('does not pass while octets wait to be taken: then it is the disk that is slow', async () => {
    const { body } = await ask();
    await waitFor(() => body.readableLength > 0, { what: 'octets' });
    body.socket.emit('timeout');
    expect((await buffer(body)).equals(bytes)).toBe(true);
  });

  it('ends an answer of which nothing comes', async () => {
    upstream.intervene = (_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length }).flushHeaders();
      return true;
    };
    const { body } = await ask();
    body.socket.emit('timeout');
    await expect(buffer(body)).rejects.toThrow('aborted');
  });
});
