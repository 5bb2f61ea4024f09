import { BadRequestException, NotFoundException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { problemCatalog, RemoteProblem } from '@rackwright/contracts';
import { OperationalError } from '@rackwright/kernel';
import { answerError } from './problem-answer.js';
import { ProblemError } from './problem-error.js';
import { renderProblem } from './render-problem.js';

const operational = (code: string, retryable: boolean) => new OperationalError('etcd is away', { code, retryable });

describe('answerError', () => {
  it.each([
    [new ProblemError('task-active', 'busy'), 409, 'task-active'],
    [operational('store-unavailable', true), 503, 'store-unavailable'],
    [operational('bus-unavailable', true), 503, 'bus-unavailable'],
    [operational('odd-code', true), 503, 'unavailable'],
    [operational('disk-failed', false), 503, 'disk-failed'],
    [new NotFoundException('Cannot GET /x'), 404, 'route-not-found'],
    [new BadRequestException('bad'), 400, 'invalid-request'],
    [Object.assign(new Error('x'), { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }), 413, 'body-too-large'],
    [Object.assign(new Error('x'), { statusCode: 400 }), 400, 'invalid-request'],
    [Object.assign(new Error('EMFILE: too many open files, /x'), { code: 'EMFILE' }), 503, 'unavailable'],
    [new TypeError('x is undefined'), 500, 'internal'],
    ['a string', 500, 'internal'],
    [undefined, 500, 'internal'],
  ])('answers %s with %i %s', (error, status, code) => {
    const answer = answerError(error);
    expect(answer).toMatchObject({ status, code });
    expect(answer.headers?.['retry-after'] !== undefined).toBe(status === 503);
  });

  it('tells the caller nothing of a bug', () => {
    expect(JSON.stringify(answerError(new Error('password=hunter2')))).not.toContain('hunter2');
  });

  it('passes on what another service answered', () => {
    const problem = renderProblem(answerError(new ProblemError('region-unavailable', 'dc1 is away')));
    expect(answerError(new RemoteProblem(problem))).toMatchObject({
      status: 503,
      code: 'region-unavailable',
      detail: 'dc1 is away',
      headers: { 'retry-after': '2' },
    });
  });
});

describe('renderProblem', () => {
  it('has exactly the members of the contract', () => {
    const errors = [{ pointer: '/mac', detail: 'mac is required' }];
    const answer = answerError(new ProblemError('invalid-request', 'mac is required', { errors }));
    expect(renderProblem(answer, { instance: '/api/v1/tasks', traceId: 'a'.repeat(32) })).toEqual({
      type: 'urn:rackwright:problem:invalid-request',
      title: 'Invalid request',
      status: 400,
      detail: 'mac is required',
      instance: '/api/v1/tasks',
      code: 'invalid-request',
      traceId: 'a'.repeat(32),
      errors,
      error: 'mac is required',
    });
  });

  it('has a title and an error status for every code', () => {
    for (const [code, { status, title }] of Object.entries(problemCatalog)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(title).not.toBe('');
    }
  });
});

it('says that the disk failed without naming files of the machine', () => {
  const message = 'cannot append to /var/lib/rackwright/facts/1.log: ENOSPC';
  const answered = answerError(new OperationalError(message, { code: 'disk-failed', retryable: true }));
  expect(answered).toMatchObject({ code: 'disk-failed', status: 503, headers: { 'retry-after': '2' } });
  expect(answered.detail).not.toContain('/var/lib');
});
