import { describe, expect, it } from 'vitest';
import { OperationalError, silentLogger } from '@rackwright/kernel';
import { startTracing } from '../tracing/start-tracing.js';
import { withSpan } from '../tracing/with-span.js';
import { NestLog } from './nest-log.js';
import { PinoLogger, type LogOptions } from './pino-logger.js';

function open(level: LogOptions['level'] = 'debug') {
  const lines: string[] = [];
  const logger = PinoLogger.create({
    service: 'regional',
    version: '1',
    level,
    destination: { write: (line) => void lines.push(line) },
  });
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;
  return { logger, lines, last };
}

describe('PinoLogger', () => {
  it('writes one JSON object per line with the fixed message and the fields', () => {
    const { logger, lines, last } = open();
    logger.child({ idc: 'dc1' }).info({ sn: 'sn-1', size: 3n }, 'task approved');
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({
      level: 'info',
      service: 'regional',
      idc: 'dc1',
      sn: 'sn-1',
      message: 'task approved',
    });
    expect(last()['time']).toMatch(/^\d{4}-\d{2}-\d{2}T.*Z$/);
  });

  it('writes errors with their chain of causes', () => {
    const { logger, last } = open();
    const cause = new AggregateError([new Error('refused'), 'odd'], 'all failed');
    logger.error({ err: new OperationalError('no etcd', { code: 'store-unavailable', retryable: true, cause }) }, 'x');
    expect(last()['err']).toMatchObject({
      type: 'OperationalError',
      code: 'store-unavailable',
      message: 'no etcd',
      stack: expect.stringContaining('no etcd') as string,
      cause: { type: 'AggregateError', message: 'all failed', errors: [{ message: 'refused' }, 'odd'] },
    });
  });

  it('ends on an error that causes itself', () => {
    const { logger, lines } = open();
    const error = new Error('loop');
    error.cause = error;
    logger.error({ err: error }, 'x');
    expect(lines).toHaveLength(1);
  });

  it('redacts secrets by name and tokens inside texts', () => {
    const { logger, lines, last } = open();
    logger.info(
      {
        headers: { authorization: 'Bearer hunter2', 'set-cookie': 'hunter2', accept: '*/*' },
        bootToken: 'hunter2',
        boot_token: 'hunter2',
        list: [{ password: 'hunter2' }],
        path: '/boot?mac=1&token=hunter2&x=1',
        cmdline: 'quiet rw.token=hunter2 ro',
        err: new Error('sent Bearer hunter2'),
        tokens: 3,
        token: undefined,
      },
      'x',
    );
    expect(lines.join('')).not.toContain('hunter2');
    expect(last()).toMatchObject({ tokens: 3, path: '/boot?mac=1&token=[redacted]&x=1', headers: { accept: '*/*' } });
    expect(last()).not.toHaveProperty('token');
  });

  it('keeps to its level', () => {
    const { logger, lines } = open('warn');
    logger.debug({}, 'a');
    logger.info({}, 'b');
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(lines).toHaveLength(2);
  });

  it('hands on what Nest says, quietly unless it is a warning or an error', () => {
    const { logger, lines, last } = open('info');
    const nest = new NestLog(logger);
    nest.log('Mapped {/, GET}', 'RouterExplorer');
    expect(lines).toHaveLength(0);
    nest.error('broken', 'stack text', 'Speaker');
    expect(last()).toMatchObject({ level: 'error', message: 'broken', nest: 'Speaker', stack: 'stack text' });
  });
});

describe('PinoLogger inside a span', () => {
  it('adds the ids of the active span', async () => {
    const { logger, last } = open();
    const tracing = await startTracing({ service: 't', version: '0', logger: silentLogger });
    await withSpan('x', {}, (span) => {
      logger.info({}, 'x');
      const { traceId, spanId } = span.spanContext();
      expect(last()).toMatchObject({ trace_id: traceId, span_id: spanId });
      return Promise.resolve();
    });
    await tracing[Symbol.asyncDispose]();
  });
});
