import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Module, Post, Req, Res } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryStore } from '@rackwright/adapter-memory-store';
import type { Store } from '@rackwright/contracts';
import { silentLogger } from '@rackwright/kernel';
import { waitFor } from '@rackwright/testing';
import { Metrics } from '../metrics/metrics.js';
import { systemClock } from '../system-clock.js';
import { systemRandom } from '../system-random.js';
import { ProblemError } from '../problems/problem-error.js';
import { startTracing } from '../tracing/start-tracing.js';
import { DtoPipe } from '../validation/dto.pipe.js';
import { DEFAULT_HTTP_LIMITS, REQUEST_TIMEOUT_MS } from './http-limits.js';
import { createHttpService, type HttpService, type HttpServiceOptions } from './create-http-service.js';

class Order {
  @IsOptional() @IsString() kind?: string;
}

/** Requests wait here until a test lets them go. */
let gate = Promise.resolve();
let handled = 0;

@Controller('orders')
class OrdersController {
  @Post()
  async create(
    @Body(new DtoPipe(Order, { allowEmpty: true })) { kind }: Order,
    @Req() _request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    handled += 1;
    const number = handled;
    await gate;
    if (kind === 'broken') throw new Error('broken');
    if (kind === 'conflict') throw new ProblemError('conflict', `no ${number}`);
    if (kind === 'limited') throw new ProblemError('rate-limited', 'later');
    void reply.header('location', `/orders/${number}`);
    return { number };
  }
}

@Module({ controllers: [OrdersController] })
class OrdersModule {}

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of closing.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

async function serve(options: Partial<HttpServiceOptions> = {}): Promise<HttpService> {
  handled = 0;
  gate = Promise.resolve();
  return createHttpService(OrdersModule, {
    host: '127.0.0.1',
    port: 0,
    title: 'Orders',
    version: '1',
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
    metrics: new Metrics({ processMetrics: false }),
    ...options,
  });
}

function order(service: HttpService, key: string | undefined, body?: object) {
  return fetch(`${service.url}/orders`, {
    method: 'POST',
    headers: {
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const numberOf = async (response: Response) => ((await response.json()) as { number: number }).number;
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('starting', () => {
  it('gives the headers of a request more time than whole requests usually have', async () => {
    const limits = { ...DEFAULT_HTTP_LIMITS, headersTimeoutMs: 10 * REQUEST_TIMEOUT_MS };
    const service = await serve({ limits });
    closing.push(service);
    expect(service.server.requestTimeout).toBe(limits.headersTimeoutMs);
  });
});

describe('stopping', () => {
  it('lets requests in flight end, refuses new connections, and is not ready meanwhile', async () => {
    const service = await serve({ drainDeadlineMs: 100_000 });
    const hold = Promise.withResolvers<undefined>();
    gate = hold.promise;
    const inFlight = order(service, undefined);
    await waitFor(() => handled === 1, { what: 'the request to arrive' });
    const disposed = service[Symbol.asyncDispose]();
    await waitFor(() => !service.server.listening, { what: 'the listener to close' });
    await expect(fetch(`${service.url}/health`)).rejects.toThrow();
    hold.resolve(undefined);
    expect((await inFlight).status).toBe(201);
    await disposed;
  });

  it('cuts what does not end by the deadline', async () => {
    const service = await serve({ drainDeadlineMs: 100 });
    gate = new Promise(() => undefined);
    const inFlight = order(service, undefined);
    const outcome = expect(inFlight).rejects.toThrow();
    await waitFor(() => handled === 1, { what: 'the request to arrive' });
    await service[Symbol.asyncDispose]();
    await outcome;
  });

  it('says which port is taken', async () => {
    const first = await serve();
    closing.push(first);
    await expect(serve({ port: first.port })).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining(`port ${first.port}`) as string,
    });
  });
});

describe('Idempotency-Key', () => {
  async function withStore(): Promise<{ service: HttpService; store: Store }> {
    const store = new MemoryStore({ clock: systemClock });
    closing.push(store);
    const service = await serve({ idempotencyStore: store });
    closing.push(service);
    return { service, store };
  }

  it('makes a repeated write happen once and replays its answer, on every replica', async () => {
    const { service, store } = await withStore();
    const first = await order(service, 'k1', { kind: 'a' });
    const otherReplica = await serve({ idempotencyStore: store });
    closing.push(otherReplica);
    for (const replica of [service, otherReplica]) {
      const again = await order(replica, 'k1', { kind: 'a' });
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
      expect(again.headers.get('location')).toBe(first.headers.get('location'));
      expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(await numberOf(again)).toBe(1);
    }
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(await numberOf(await order(service, 'k2', { kind: 'a' }))).toBe(1);
    expect(await numberOf(await order(service, undefined, { kind: 'a' }))).toBe(2);
  });

  it('refuses the same key for another request', async () => {
    const { service } = await withStore();
    await order(service, 'k', { kind: 'a' });
    const other = await order(service, 'k', { kind: 'b' });
    expect([other.status, await codeOf(other)]).toEqual([409, 'idempotency-key-reused']);
    expect(handled).toBe(1);
  });

  it('processes one of many concurrent requests with one key', async () => {
    const { service } = await withStore();
    const hold = Promise.withResolvers<undefined>();
    gate = hold.promise;
    const all = Array.from({ length: 20 }, () => order(service, 'k', { kind: 'a' }));
    const refused: Response[] = [];
    for (const one of all) void one.then((response) => response.status === 409 && refused.push(response));
    await waitFor(() => refused.length === 19, { what: '19 refusals' });
    const [first] = refused;
    expect(first === undefined ? '' : await codeOf(first)).toBe('idempotency-key-in-progress');
    expect(first?.headers.get('retry-after')).toBe('1');
    hold.resolve(undefined);
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(handled).toBe(1);
  });

  it.each([
    ['conflict', 409, 1],
    ['limited', 429, 2],
    ['broken', 500, 2],
  ])('after %s (%i) a repetition is processed %i times in all', async (kind, status, times) => {
    const { service } = await withStore();
    const first = await order(service, 'k', { kind });
    const again = await order(service, 'k', { kind });
    expect([first.status, again.status, handled]).toEqual([status, status, times]);
    if (times === 1) expect(await again.text()).toBe(await first.text());
  });

  it('works without a body, and refuses a key that is none', async () => {
    const { service } = await withStore();
    expect((await order(service, 'k')).status).toBe(201);
    expect((await order(service, 'k')).headers.get('idempotency-replayed')).toBe('true');
    expect((await order(service, 'x'.repeat(256))).status).toBe(400);
    expect((await order(service, 'a b')).status).toBe(400);
  });

  it('answers 503 and does nothing while the store is away', async () => {
    const { service, store } = await withStore();
    await store[Symbol.asyncDispose]();
    const refused = await order(service, 'k', { kind: 'a' });
    expect([refused.status, handled]).toEqual([503, 0]);
  });
});

describe('traces', () => {
  it('leave the process as OTLP over HTTP when a collector is named', async () => {
    const received: string[] = [];
    const collector: Server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push(`${request.method ?? ''} ${request.url ?? ''} ${Buffer.concat(chunks).toString()}`);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`;
    const tracing = await startTracing({ service: 'orders', version: '1', endpoint, logger: silentLogger });
    const service = await serve();
    const traceId = 'ef'.repeat(16);
    await fetch(`${service.url}/orders`, {
      method: 'POST',
      headers: { traceparent: `00-${traceId}-${'12'.repeat(8)}-01` },
    });
    await service[Symbol.asyncDispose]();
    await tracing[Symbol.asyncDispose]();
    await new Promise((resolve) => collector.close(resolve));
    expect(received).toHaveLength(1);
    expect(received[0]).toMatch(/^POST \/v1\/traces /);
    for (const part of [traceId, 'POST /orders', 'orders', 'http.route']) expect(received[0]).toContain(part);
  });
});
