import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { BootExplanation, BootReplay, ExplainBoot, ReplayBoot } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { BootQuestions } from './boot-questions.js';

const ofRegion = ['region-unavailable', 'bus-unavailable', 'not-ready'] as const;

/** `/api/v1/boot`: what a region would do, and why; answered by the region. */
@ApiTags('boot')
@Controller('api/v1/boot')
export class BootController {
  readonly #questions: BootQuestions;

  constructor(@Inject(BootQuestions) questions: BootQuestions) {
    this.#questions = questions;
  }

  @Post('explain')
  @Route({
    summary: 'Explain what a region would answer to a DHCP message, changing nothing',
    body: ExplainBoot,
    status: 200,
    answer: BootExplanation,
    problems: ofRegion,
  })
  async explain(@Body(new DtoPipe(ExplainBoot)) body: ExplainBoot): Promise<BootExplanation> {
    return this.#questions.explain(body);
  }

  @Post('replay')
  @Route({
    summary: 'Explain a conversation packet by packet, changing nothing',
    body: ReplayBoot,
    status: 200,
    answer: BootReplay,
    problems: ofRegion,
  })
  async replay(@Body(new DtoPipe(ReplayBoot)) body: ReplayBoot): Promise<BootReplay> {
    return this.#questions.replay(body);
  }
}
