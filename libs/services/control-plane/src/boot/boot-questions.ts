import {
  ExplainRegionBoot,
  ReplayRegionBoot,
  ROOT_PREFIX,
  explainBootProblems,
  type BootExplanation,
  type BootReplay,
  type ExplainBoot,
  type ExplainedPlace,
  type MessageBus,
  type ReplayBoot,
  type RequestContract,
} from '@rackwright/contracts';
import { ProblemError } from '@rackwright/platform';
import { onlyRegion } from '../regions/only-region.js';
import { regionFailure } from '../regions/region-failure.js';
import type { StateView } from '../state-view/state-view.js';

/** Questions about boots, which only the region of the machines can answer. */
export class BootQuestions {
  readonly #view: StateView;
  readonly #bus: MessageBus;

  constructor(parts: { readonly view: StateView; readonly bus: MessageBus }) {
    this.#view = parts.view;
    this.#bus = parts.bus;
  }

  /** Throws 400 when the fields do not go together, before any region is asked. */
  async explain(body: ExplainBoot): Promise<BootExplanation> {
    const errors = explainBootProblems(body);
    if (errors.length === 0) return this.#ask(ExplainRegionBoot, body);
    const detail = errors.map((error) => error.detail).join('; ');
    throw new ProblemError('invalid-request', `Invalid body: ${detail}`, { errors });
  }

  async replay(body: ReplayBoot): Promise<BootReplay> {
    return this.#ask(ReplayRegionBoot, body);
  }

  async #ask<Req extends ExplainedPlace, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    payload: Req,
  ): Promise<Rep> {
    const idc = payload.idc ?? onlyRegion(await this.#view.fresh(ROOT_PREFIX));
    try {
      return await this.#bus.request(contract, { idc }, { ...payload, idc });
    } catch (error) {
      throw regionFailure(error, idc);
    }
  }
}
