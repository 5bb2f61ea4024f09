import 'reflect-metadata';
import { connect } from 'node:net';
import { Body, Controller, Get, Headers, Inject, Module, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDefined, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PageQuery, type Problem } from '@rackwright/contracts';
import { OperationalError, silentLogger, type Logger } from '@rackwright/kernel';
import { waitFor } from '@rackwright/testing';
import { Metrics } from '../metrics/metrics.js';
import { LOGGER } from '../platform.module.js';
import { ProblemError } from '../problems/problem-error.js';
import { PinoLogger } from '../logging/pino-logger.js';
import { systemClock } from '../system-clock.js';
import { systemRandom } from '../system-random.js';
import { startTracing } from '../tracing/start-tracing.js';
import { currentTraceparent } from '../tracing/with-span.js';
import { DtoPipe } from '../validation/dto.pipe.js';
import { createHttpService, type HttpService } from './create-http-service.js';
import { etagOf, parseIfMatch, requireMatch } from './etag.js';
import { pageHeaders, pageOf } from './paging.js';

class Part {
  @ApiProperty() @IsDefined({ message: '$property is required' }) @IsString() name!: string;
}
class CreateThing {
  @ApiProperty() @IsDefined({ message: '$property is required' }) @IsString() sn!: string;
  @ApiProperty({ required: false }) @IsOptional() @IsInt() size?: number;
  @ApiProperty({ type: [Part] }) @IsOptional() @ValidateNested({ each: true }) @Type(() => Part) parts?: Part[];
}
class ThingPath {
  @IsString() sn!: string;
}

@Controller('things')
class ThingsController {
  constructor(@Inject(LOGGER) readonly logger: Logger) {}

  @Post()
  create(@Body(new DtoPipe(CreateThing)) thing: CreateThing): object {
    this.logger.info({ sn: thing.sn }, 'thing created');
    return { sn: thing.sn, traceparent: currentTraceparent() };
  }

  @Get()
  list(
    @Query(new DtoPipe(PageQuery)) query: PageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): readonly number[] {
    const { limit, after } = pageOf(query);
    const first = after === undefined ? 0 : Number(after) + 1;
    const items = Array.from({ length: 5 }, (_, i) => i).slice(first, first + limit);
    const last = items.at(-1) ?? 4;
    void reply.headers(pageHeaders(request.url, { total: 5, next: last < 4 ? String(last) : undefined }));
    return items;
  }

  @Get(':sn')
  get(@Param(new DtoPipe(ThingPath)) { sn }: ThingPath): object {
    if (sn === 'bug') throw new TypeError('secret internals');
    if (sn === 'away')
      throw new OperationalError('etcd did not answer', { code: 'store-unavailable', retryable: true });
    if (sn === 'limited') throw new ProblemError('rate-limited', 'slow down', { headers: { 'retry-after': '7' } });
    return { sn };
  }

  @Put(':sn')
  put(@Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): object {
    requireMatch(parseIfMatch(ifMatch), 7n);
    void reply.header('etag', etagOf(8n));
    return {};
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const lines: string[] = [];
let service: HttpService;
let tracing: AsyncDisposable;
let natsIsAway = false;

beforeAll(async () => {
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = PinoLogger.create({ service: 't', version: '1', level: 'debug', destination });
  tracing = await startTracing({ service: 't', version: '1', logger: silentLogger });
  service = await createHttpService(ThingsModule, {
    host: '127.0.0.1',
    port: 0,
    title: 'Things',
    version: '1',
    logger,
    clock: systemClock,
    random: systemRandom,
    metrics: new Metrics(),
    checks: [
      { name: 'etcd', check: () => Promise.resolve() },
      { name: 'nats', check: () => (natsIsAway ? Promise.reject(new Error('connection refused')) : Promise.resolve()) },
    ],
  });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await tracing[Symbol.asyncDispose]();
});

const JSON_TYPE = { 'content-type': 'application/json' };

interface Call extends RequestInit {
  readonly path: string;
}

async function call({ path, ...init }: Call) {
  const response = await fetch(`${service.url}${path}`, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = JSON_TYPE) =>
  call({ path: '/things', method: 'POST', body, headers });

/** Sends bytes as they are and returns everything that comes back. */
async function raw(bytes: string): Promise<{ readonly status: number; readonly body: string }> {
  const socket = connect(service.port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  // A server that refuses early may reset the connection while it is still being written to; its answer comes first.
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes, 'latin1');
  await closed;
  return { status: Number(answer.split(' ')[1]), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}

function expectProblem(text: string, expected: Partial<Problem>): Problem {
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject(expected);
  expect(problem.type).toBe(`urn:rackwright:problem:${problem.code}`);
  expect(problem.error).toBe(problem.detail);
  expect(problem.title).not.toBe('');
  return problem;
}

describe('error answers', () => {
  const json = (value: unknown): string => JSON.stringify(value);

  it.each([
    ['malformed JSON', '{"sn": ', 400, 'malformed-json'],
    ['JSON that is no object', '[1]', 400, 'invalid-request'],
    ['a scalar', '3', 400, 'invalid-request'],
    ['null', 'null', 400, 'invalid-request'],
    ['an empty body', '', 400, 'invalid-request'],
    ['__proto__', '{"sn":"a","__proto__":{"x":1}}', 400, 'invalid-request'],
    ['constructor', '{"sn":"a","constructor":null}', 400, 'invalid-request'],
    ['deep nesting', `{"sn":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 400, 'invalid-request'],
    ['2 MB', json({ sn: 'a'.repeat(2_000_000) }), 413, 'body-too-large'],
  ] as const)('%s', async (...[, body, status, code]) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const { errors } = expectProblem(answer.text, { status, code, instance: '/things' });
    expect(errors === undefined).toBe(status === 413);
  });

  it('bytes that are not UTF-8', async () => {
    const answer = await post(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expectProblem(answer.text, { status: 400, code: 'malformed-json' });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense', 'text/json; a=b'])(
    'content type %s',
    async (type) => {
      const answer = await post('{"sn":"a"}', { 'content-type': type });
      expectProblem(answer.text, { status: 415, code: 'unsupported-media-type' });
    },
  );

  it('takes a body of another type as none when it is empty, as curl -d "" sends it', async () => {
    const answer = await post('', { 'content-type': 'application/x-www-form-urlencoded' });
    expectProblem(answer.text, { status: 400, code: 'invalid-request' });
  });

  it('names every bad field with its pointer', async () => {
    const answer = await post(json({ size: 'x', parts: [{ name: 'a' }, {}], 'we/ird': 1 }));
    const { errors = [] } = expectProblem(answer.text, { status: 400, code: 'invalid-request' });
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['/parts/1/name', '/size', '/sn', '/we~1ird']);
  });

  it('unknown route and unknown method', async () => {
    expectProblem((await call({ path: '/nothing?token=1' })).text, {
      status: 404,
      code: 'route-not-found',
      instance: '/nothing',
    });
    const refused = await call({ path: '/things', method: 'DELETE' });
    expectProblem(refused.text, { status: 405, code: 'method-not-allowed' });
    expect(refused.headers.get('allow')).toBe('GET, HEAD, POST');
    expect((await call({ path: '/things/a', method: 'PATCH' })).headers.get('allow')).toBe('GET, HEAD, PUT');
    expect((await call({ path: '/health', method: 'OPTIONS' })).status).toBe(405);
  });

  it.each([
    ['/things/%zz', 400],
    ['/things/%00', 200],
    ['/things/%ff', 400],
    [`/things/${'x'.repeat(300)}`, 414],
    ['/things/a%2Fb', 200],
    ['/things?limit=1&limit=2', 400],
    ['/things?__proto__=1', 400],
    ['/things?limit=ten', 400],
    ['/things?cursor=%00', 400],
    ['/things?%zz=%zz', 400],
    ['/things?unknown=1', 400],
  ])('GET %s is %i', async (path, status) => {
    const answer = await call({ path });
    expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
    if (status >= 400) expect(expectProblem(answer.text, { status }).traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ['headers of 100 kB', `GET /things HTTP/1.1\r\nHost: a\r\nX-Big: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
    ['no HTTP at all', 'hello there\r\n\r\n', 400],
    ['a NUL in the path', 'GET /things/\0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['two lengths', 'POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}', 400],
    ['a length that is no number', 'POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n{}', 400],
    [
      'a bad chunk',
      'POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    ['a target without slash', 'GET things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
  ])('%s', async (_name, bytes, status) => {
    const answer = await raw(bytes);
    expect(answer.status).toBe(status);
    expectProblem(answer.body, { status });
  });

  it('a dependency that is away: 503 with Retry-After', async () => {
    const answer = await call({ path: '/things/away' });
    expect(answer.headers.get('retry-after')).toBe('2');
    expectProblem(answer.text, { status: 503, code: 'store-unavailable', detail: 'etcd did not answer' });
  });

  it('a limit: 429 with its Retry-After', async () => {
    const answer = await call({ path: '/things/limited' });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('a bug: 500 that tells nothing, logged once with its stack and the same trace id', async () => {
    const before = lines.length;
    const answer = await call({ path: '/things/bug' });
    const { traceId = 'none' } = expectProblem(answer.text, { status: 500, code: 'internal' });
    expect(answer.text).not.toContain('secret internals');
    const told = (): string[] => lines.slice(before).filter((line) => line.includes('secret internals'));
    await waitFor(() => told().length > 0, { what: 'the line of the bug' });
    const logged = told();
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0] ?? '{}')).toMatchObject({
      level: 'error',
      trace_id: traceId,
      err: { type: 'TypeError' },
    });
  });
});

describe('requests', () => {
  it('continue the trace of the caller, into the handler, the answer and the log', async () => {
    const before = lines.length;
    const traceId = 'ab'.repeat(16);
    const traceparent = `00-${traceId}-${'cd'.repeat(8)}-01`;
    const answer = await post('{"sn":"a"}', { ...JSON_TYPE, traceparent });
    const body = JSON.parse(answer.text) as { traceparent: string };
    expect(body.traceparent).toContain(traceId);
    expect(body.traceparent).not.toBe(traceparent);
    const told = (): string | undefined => lines.slice(before).find((line) => line.includes('thing created'));
    expect(JSON.parse(await waitFor(told, { what: 'the line of the handler' }))).toMatchObject({ trace_id: traceId });
    const refused = await post('{', { ...JSON_TYPE, traceparent });
    expect(expectProblem(refused.text, { status: 400 }).traceId).toBe(traceId);
  });

  it('have an id: the one they bring when it is harmless, else a new one', async () => {
    const own = await call({ path: '/things/a', headers: { 'x-request-id': 'ci-42' } });
    expect(own.headers.get('x-request-id')).toBe('ci-42');
    const given = await call({ path: '/things/a', headers: { 'x-request-id': 'a b' } });
    expect(given.headers.get('x-request-id')).toMatch(/^[0-9a-f]{16}$/);
  });

  it('are logged with their route, except those of probes', async () => {
    const before = lines.length;
    await call({ path: '/things/a?token=hunter2' });
    await call({ path: '/health' });
    await call({ path: '/metrics' });
    await call({ path: '/things/last' });
    const requests = (): string[] => lines.slice(before).filter((line) => line.includes('"message":"request"'));
    await waitFor(() => requests().some((line) => line.includes('/things/last')), { what: 'the line of the last' });
    const logged = requests();
    expect(logged).toHaveLength(2);
    expect(JSON.parse(logged[0] ?? '{}')).toMatchObject({ route: '/things/:sn', status: 200, path: '/things/a' });
    expect(logged[0]).not.toContain('hunter2');
  });

  it('page through a list by its Link headers', async () => {
    const seen: number[] = [];
    for (let path: string | undefined = '/things?limit=2'; path !== undefined;) {
      const answer: Awaited<ReturnType<typeof call>> = await call({ path });
      expect(answer.headers.get('x-total-count')).toBe('5');
      seen.push(...(JSON.parse(answer.text) as number[]));
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  it('honour If-Match', async () => {
    const put = (ifMatch: string) => call({ path: '/things/a', method: 'PUT', headers: { 'if-match': ifMatch } });
    const fresh = await put('"7"');
    expect([fresh.status, fresh.headers.get('etag')]).toEqual([200, '"8"']);
    const stale = await put('"6"');
    expect(stale.headers.get('etag')).toBe('"7"');
    expectProblem(stale.text, { status: 412, code: 'revision-mismatch' });
    const { errors = [] } = expectProblem((await put('seven')).text, { status: 400, code: 'invalid-request' });
    expect(errors.map(({ pointer }) => pointer)).toEqual(['/if-match']);
  });
});

describe('pages every service has', () => {
  it('/health and /ready', async () => {
    expect((await call({ path: '/health' })).status).toBe(200);
    expect(JSON.parse((await call({ path: '/ready' })).text)).toMatchObject({ status: 'ready' });
    natsIsAway = true;
    const answer = await call({ path: '/ready' });
    natsIsAway = false;
    expect(answer.headers.get('retry-after')).toBe('1');
    expectProblem(answer.text, { status: 503, code: 'not-ready', detail: 'nats: connection refused' });
    expect(JSON.parse(answer.text)).toMatchObject({
      checks: [
        { name: 'etcd', ok: true },
        { name: 'nats', ok: false },
      ],
    });
  });

  it('/metrics moves with the requests, by route template', async () => {
    const count = async (): Promise<number> => {
      const { text } = await call({ path: '/metrics' });
      const line = /rw_http_request_duration_seconds_count\{method="GET",route="\/things\/:sn",status="200"\} (\d+)/;
      return Number(line.exec(text)?.[1] ?? 0);
    };
    const before = await count();
    await call({ path: '/things/one' });
    await call({ path: '/things/two' });
    await waitFor(async () => (await count()) >= before + 2, { what: 'both requests are counted' });
    expect(await count()).toBe(before + 2);
    const { text } = await call({ path: '/metrics' });
    expect(text).toContain('route="unmatched",status="404"');
    expect(text).not.toContain('/things/one');
  });

  it('/openapi.json describes routes and the problem object', async () => {
    const { text, headers } = await call({ path: '/openapi.json' });
    expect(headers.get('content-type')).toContain('application/json');
    const document = JSON.parse(text) as { paths: Record<string, unknown>; components: { schemas: object } };
    expect(document).toMatchObject({
      openapi: expect.stringMatching(/^3\./) as string,
      info: { title: 'Things' },
      paths: { '/things': { post: { responses: { default: { content: { 'application/problem+json': {} } } } } } },
    });
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['CreateThing', 'Problem']));
  });

  it('/docs works without the Internet', async () => {
    const { text, status } = await call({ path: '/docs' });
    expect(status).toBe(200);
    const assets = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(asset).not.toMatch(/^(https?:)?\/\//);
      expect((await call({ path: new URL(asset, 'http://x/docs').pathname })).status).toBe(200);
    }
  });
});
