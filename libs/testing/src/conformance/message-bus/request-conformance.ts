import { describe, expect, it } from 'vitest';
import { isRetryable } from '@rackwright/kernel';
import { RemoteProblem, requestSubject, type MessageBus, type Problem } from '@rackwright/contracts';
import { waitFor } from '../../wait-for.js';
import type { WithHarness } from './harness.js';
import { addNumbers, IDC, OTHER_IDC, range, Sum, sumOf, type AddNumbers } from './sample-messages.js';

const at = { idc: IDC };
/** Longer than any test runs: an answer in time did not come from the deadline. */
const LONG_MS = 600_000;
const add = ({ left, right }: AddNumbers): Promise<Sum> => Promise.resolve(sumOf(left + right));

/** Serves additions and resolves once the server knows. */
async function serve(bus: MessageBus, handler = add): Promise<AsyncDisposable> {
  const subscription = bus.respond(addNumbers, at, handler);
  await bus.ping();
  return subscription;
}

/** Requests that are answered. */
export function answeredRequestConformance(withHarness: WithHarness): void {
  describe('requests', () => {
    it(
      'are answered by the responder of their IDC',
      withHarness(async (harness) => {
        const [near, far] = [await harness.connect(), await harness.connect()];
        await serve(far);
        far.respond(addNumbers, { idc: OTHER_IDC }, () => Promise.resolve(sumOf(-1)));
        await far.ping();
        await expect(near.request(addNumbers, at, { left: 2, right: 3 })).resolves.toEqual({ sum: 5 });
        await expect(near.request(addNumbers, { idc: OTHER_IDC }, { left: 2, right: 3 })).resolves.toEqual({ sum: -1 });
      }),
    );
    it(
      'are answered once when two replicas serve them',
      withHarness(async (harness) => {
        const served: number[] = [];
        const counting = (payload: AddNumbers): Promise<Sum> => {
          served.push(payload.left);
          return add(payload);
        };
        for (const replica of [await harness.connect(), await harness.connect()]) await serve(replica, counting);
        const client = await harness.connect();
        const numbers = range(0, 60);
        const replies = await Promise.all(numbers.map((n) => client.request(addNumbers, at, { left: n, right: 1 })));
        expect(replies.map(({ sum }) => sum)).toEqual(numbers.map((n) => n + 1));
        expect(served.toSorted((a, b) => a - b)).toEqual(numbers);
      }),
    );
    it(
      'end with the subscription that serves them',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const subscription = await serve(bus);
        await subscription[Symbol.asyncDispose]();
        const request = bus.request(addNumbers, at, { left: 1, right: 1 });
        await expect(request).rejects.toMatchObject({ code: 'no-responder' });
      }),
    );
  });
}

/** Requests that fail. */
export function failedRequestConformance(withHarness: WithHarness): void {
  describe('failing requests', () => {
    it(
      'reject with no-responder when nobody serves them',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const error: unknown = await bus.request(addNumbers, at, { left: 1, right: 1 }).catch((e: unknown) => e);
        expect(error).toMatchObject({ code: 'no-responder' });
        expect(isRetryable(error)).toBe(true);
      }),
    );
    it(
      'reject with request-timeout past their deadline',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const release = Promise.withResolvers<Sum>();
        await serve(bus, () => release.promise);
        const error: unknown = await bus
          .request(addNumbers, at, { left: 1, right: 1 }, { timeoutMs: 100 })
          .catch((e: unknown) => e);
        release.resolve(sumOf(0));
        expect(error).toMatchObject({ code: 'request-timeout' });
        expect(isRetryable(error)).toBe(true);
      }),
    );
    it(
      'reject with the reason of their signal',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const release = Promise.withResolvers<Sum>();
        const abort = new AbortController();
        const reason = new Error('the caller left');
        await serve(bus, () => {
          abort.abort(reason);
          return release.promise;
        });
        const { signal } = abort;
        await expect(bus.request(addNumbers, at, { left: 1, right: 1 }, { signal })).rejects.toBe(reason);
        release.resolve(sumOf(0));
      }),
    );
  });
}

/** Requests whose responder refuses or fails. */
export function problemReplyConformance(withHarness: WithHarness): void {
  describe('problem replies', () => {
    it(
      'reject with the problem their responder throws',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const problem: Problem = {
          type: 'urn:rackwright:problem:task-not-found',
          title: 'Task not found',
          status: 404,
          detail: 'no task',
          code: 'task-not-found',
          error: 'no task',
        };
        await serve(bus, () => Promise.reject(new RemoteProblem(problem)));
        const error: unknown = await bus.request(addNumbers, at, { left: 1, right: 1 }).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(RemoteProblem);
        expect((error as RemoteProblem).problem).toEqual(problem);
      }),
    );
    it(
      'reject with an internal problem, without its details, when their responder fails',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        await serve(bus, () => Promise.reject(new Error('a secret')));
        const error: unknown = await bus.request(addNumbers, at, { left: 1, right: 1 }).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(RemoteProblem);
        expect((error as RemoteProblem).problem).toMatchObject({ status: 500, code: 'internal' });
        expect(JSON.stringify((error as RemoteProblem).problem)).not.toContain('secret');
      }),
    );
    it(
      'reject when the reply breaks the contract',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        await serve(bus, () => Promise.resolve(Object.assign(new Sum(), { sum: 'five' })));
        const request = bus.request(addNumbers, at, { left: 1, right: 1 });
        await expect(request).rejects.toMatchObject({ code: 'reply-invalid', retryable: false });
      }),
    );
  });
}

const encoder = new TextEncoder();
const garbage: readonly { readonly what: string; readonly octets: Uint8Array }[] = [
  { what: 'nothing', octets: new Uint8Array() },
  { what: 'no JSON', octets: encoder.encode('{"left":') },
  { what: 'no UTF-8', octets: Uint8Array.of(0x22, 0xff, 0xfe, 0x22) },
  { what: 'an array', octets: encoder.encode('[1,2]') },
  { what: 'null', octets: encoder.encode('null') },
  { what: 'fields missing', octets: encoder.encode('{"left":1}') },
  { what: 'a wrong type', octets: encoder.encode('{"left":1,"right":"2"}') },
  { what: 'an unknown field', octets: encoder.encode('{"left":1,"right":2,"extra":3}') },
  { what: 'deep nesting', octets: encoder.encode(`{"left":${'['.repeat(100_000)}${']'.repeat(100_000)}}`) },
  { what: 'too much', octets: encoder.encode(`{"left":1,"right":${'1'.repeat(900_000)}}`) },
];

/** Octets no sender of ours would send. */
export function garbageConformance(withHarness: WithHarness): void {
  describe('garbage on a request subject', () => {
    it.each(garbage)('is answered with a 400 problem: $what', async ({ octets }) => {
      await withHarness(async (harness) => {
        const bus = await harness.connect();
        let calls = 0;
        await serve(bus, (payload) => {
          calls += 1;
          return add(payload);
        });
        const answer = await harness.requestRaw(requestSubject(addNumbers, IDC), octets);
        expect(answer.outcome).toBe('problem');
        expect(JSON.parse(answer.body)).toMatchObject({ status: 400, code: 'invalid-request' });
        expect(calls).toBe(0);
        await expect(bus.request(addNumbers, at, { left: 2, right: 2 })).resolves.toEqual({ sum: 4 });
      })();
    });
    it(
      'names every field that is wrong',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        await serve(bus);
        const octets = encoder.encode('{"left":"a","extra":1}');
        const { body } = await harness.requestRaw(requestSubject(addNumbers, IDC), octets);
        const pointers = (JSON.parse(body) as Problem).errors?.map(({ pointer }) => pointer);
        expect(pointers?.toSorted()).toEqual(['/extra', '/left', '/right']);
      }),
    );
  });
}

/** Requests while the bus is away, and afterwards. */
export function requestOutageConformance(withHarness: WithHarness): void {
  describe('requests and outages', () => {
    it(
      'reject with bus-unavailable meanwhile, without waiting for their deadline, and are served again afterwards',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        await serve(bus);
        for (const outage of harness.outages) {
          await outage.begin();
          const code = 'bus-unavailable';
          await waitFor(async () => (await codeOf(bus.ping())) === code, { what: `${outage.name} is noticed` });
          const request = bus.request(addNumbers, at, { left: 1, right: 1 }, { timeoutMs: LONG_MS });
          expect(await codeOf(request)).toBe(code);
          expect(await codeOf(bus.publishToDevice({ topic: 'node/aabb/command', payload: new Uint8Array() }))).toBe(
            code,
          );
          expect(await codeOf(bus.eventRange())).toBe(code);
          await outage.end();
          const answered = async (): Promise<boolean> =>
            (await bus.request(addNumbers, at, { left: 1, right: 1 })).sum === 2;
          await waitFor(answered, { what: `requests are served after ${outage.name}` });
        }
      }),
    );
    it(
      'reject at once when the bus goes away while they are in hand',
      withHarness(async (harness) => {
        const bus = await harness.connect();
        const release = Promise.withResolvers<Sum>();
        const arrived = Promise.withResolvers<undefined>();
        await serve(bus, () => {
          arrived.resolve(undefined);
          return release.promise;
        });
        const code = codeOf(bus.request(addNumbers, at, { left: 1, right: 1 }, { timeoutMs: LONG_MS }));
        await arrived.promise;
        const [outage] = harness.outages;
        await outage?.begin();
        await expect(code).resolves.toBe('bus-unavailable');
        release.resolve(sumOf(2));
        await outage?.end();
      }),
    );
  });
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
