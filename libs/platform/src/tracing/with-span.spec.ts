import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '@rackwright/kernel';
import { startTracing } from './start-tracing.js';
import { currentTraceId, currentTraceparent, runWithTraceparent, withSpan } from './with-span.js';

const PARENT = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

describe('spans without an exporter', () => {
  let tracing: AsyncDisposable;
  beforeAll(async () => {
    tracing = await startTracing({ service: 't', version: '0', logger: silentLogger });
  });
  afterAll(() => tracing[Symbol.asyncDispose]());

  it('have ids that travel as traceparent through await', async () => {
    expect(currentTraceparent()).toBeUndefined();
    await withSpan('outer', {}, async () => {
      const outer = currentTraceparent();
      expect(outer).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      await Promise.resolve();
      await withSpan('inner', { a: 1 }, () => {
        expect(currentTraceId()).toBe(outer?.slice(3, 35));
        expect(currentTraceparent()).not.toBe(outer);
        return Promise.resolve();
      });
    });
    expect(currentTraceId()).toBeUndefined();
  });

  it('continue a traceparent that came with a message, and start anew on a malformed one', async () => {
    const traceOf = (parent: string | undefined) =>
      runWithTraceparent(parent, () => withSpan('x', {}, () => Promise.resolve(currentTraceId())));
    expect(await traceOf(PARENT)).toBe('1'.repeat(32));
    expect(await traceOf('00-garbage')).toMatch(/^(?!1{32})[0-9a-f]{32}$/);
    expect(await traceOf(undefined)).toMatch(/^(?!1{32})[0-9a-f]{32}$/);
  });

  it('pass failures on', async () => {
    await expect(withSpan('x', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
