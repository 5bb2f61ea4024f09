import type { FieldProblem } from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';

/** Refuses a body whose fields are fine one by one and wrong together. */
export function refuseBody(problems: readonly FieldProblem[]): void {
  if (problems.length === 0) return;
  const details = problems.slice(0, 4).map(({ detail }) => detail);
  throw new ProblemError('invalid-request', `Invalid body: ${details.join('; ')}`, { errors: problems });
}

/** A body that is in conflict with another resource; `location` is where that one is read. */
export function conflictOf(problem: FieldProblem, location?: string): ProblemError {
  const headers = location === undefined ? {} : { location };
  return new ProblemError('conflict', problem.detail, { errors: [problem], headers });
}
