import type { Problem } from '../problems/problem.js';

/** A request was answered with a problem object by the service that served it. */
export class RemoteProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'RemoteProblem';
    this.problem = problem;
  }
}
