import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '@rackwright/kernel';
import { placeOf } from '../http/request-place.js';
import { answerError, type ProblemAnswer } from './problem-answer.js';
import { PROBLEM_MEDIA_TYPE, renderProblem } from './render-problem.js';

/** The one place where errors become answers. What is our fault is logged here, once. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem({ error, request: http.getRequest(), reply: http.getResponse(), logger: this.#logger });
  }
}

interface FailedRequest {
  readonly error: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly logger: Logger;
}

/** Answers a request with the problem its error stands for. */
export function sendProblem({ error, request, reply, logger }: FailedRequest): void {
  const answer = answerError(error);
  const place = placeOf(request);
  logFailure(logger, answer, { error, method: request.method, path: place.instance, trace_id: place.traceId });
  if (reply.sent || reply.raw.headersSent) {
    // A stream that broke half-way can only be cut, so that the client does not take it for complete.
    reply.raw.destroy();
    return;
  }
  for (const [name, value] of Object.entries(answer.headers ?? {})) void reply.header(name, value);
  void reply
    .status(answer.status)
    .header('content-type', PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(renderProblem(answer, place)));
}

interface FailureFields {
  readonly error: unknown;
  readonly method: string;
  readonly path: string | undefined;
  readonly trace_id: string | undefined;
}

function logFailure(logger: Logger, answer: ProblemAnswer, { error, ...fields }: FailureFields): void {
  if (answer.status < 500) return;
  const line = { ...fields, code: answer.code, err: error };
  if (answer.code === 'internal') logger.error(line, 'request failed');
  else logger.warn(line, 'request refused: a dependency is away');
}
