import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { BootExplanation, BootReplay, ExplainBoot, ReplayBoot } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { BOOT_PLANE, type BootPlane } from '../boot-plane.port.js';

/** `/api/v1/boot`: what the region would do, and why. */
@ApiTags('boot')
@Controller('api/v1/boot')
export class BootExplainController {
  readonly #plane: BootPlane;

  constructor(@Inject(BOOT_PLANE) plane: BootPlane) {
    this.#plane = plane;
  }

  @Post('explain')
  @Route({
    summary: 'Explain what the region would answer to a DHCP message, changing nothing',
    body: ExplainBoot,
    answer: BootExplanation,
    asksStore: false,
    problems: ['not-ready'],
  })
  explain(@Body(new DtoPipe(ExplainBoot)) body: ExplainBoot): BootExplanation {
    return this.#plane.explainer.explain(body);
  }

  @Post('replay')
  @Route({
    summary: 'Explain a conversation packet by packet, changing nothing',
    body: ReplayBoot,
    answer: BootReplay,
    asksStore: false,
    problems: ['not-ready'],
  })
  replay(@Body(new DtoPipe(ReplayBoot)) body: ReplayBoot): BootReplay {
    return this.#plane.explainer.replay(body);
  }
}
