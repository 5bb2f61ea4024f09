import { problemType, type Problem } from '@rackwright/contracts';
import type { ProblemAnswer } from './problem-answer.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';

/** What ties an answer to its request. */
export interface ProblemPlace {
  /** Path of the request, without the query: that may carry tokens. */
  readonly instance?: string | undefined;
  readonly traceId?: string | undefined;
}

/** The problem object (RFC 9457) of an answer. */
export function renderProblem(answer: ProblemAnswer, place: ProblemPlace = {}): Problem {
  const { code, status, title, detail, errors, members } = answer;
  return {
    ...members,
    type: problemType(code),
    title,
    status,
    detail,
    ...(place.instance === undefined ? {} : { instance: place.instance }),
    code,
    ...(place.traceId === undefined ? {} : { traceId: place.traceId }),
    ...(errors === undefined ? {} : { errors }),
    error: detail,
  };
}
