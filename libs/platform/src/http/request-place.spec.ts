import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shownPathOf } from './request-place.js';

const token = 'f00dfeed'.repeat(8);
let server: FastifyInstance;

beforeAll(() => {
  server = Fastify();
  server.get('/autoinstall/:mac/:token/user-data', (request) => shownPathOf(request));
  server.get('/static/*', (request) => shownPathOf(request));
  server.setNotFoundHandler((request, reply) => reply.send(shownPathOf(request)));
});

afterAll(() => server.close());

async function shown(url: string): Promise<string> {
  return (await server.inject({ url })).body;
}

describe('the path shown in logs, traces and problems', () => {
  it.each([
    ['without the query', '/static/linux?token=abc', '/static/linux'],
    ['without a token', `/autoinstall/001a2b3c4d5e/${token}/user-data`, '/autoinstall/001a2b3c4d5e/(hidden)/user-data'],
    [
      'without a wrong token',
      '/autoinstall/001a2b3c4d5e/guess/user-data',
      '/autoinstall/001a2b3c4d5e/(hidden)/user-data',
    ],
    [
      'without a token nothing is found at',
      `/autoinstall/0/${token}/network-config`,
      '/autoinstall/0/(hidden)/network-config',
    ],
    [
      'without a token in an encoded path',
      `/autoinstall/001a2b3c4d5e/${token.toUpperCase()}%2fuser-data`,
      '/autoinstall/001a2b3c4d5e/(hidden)',
    ],
    ['with everything else', '/static/debian/12/initrd.gz', '/static/debian/12/initrd.gz'],
  ])('is %s', async (_, url, path) => {
    expect(await shown(url)).toBe(path);
  });
});
