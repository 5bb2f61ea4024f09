import { Body, Controller, Delete, Get, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PageQuery, ProfilePath, PutProfile, type ProfileView } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { answerPut, answerResource } from '../http/answer-resource.js';
import { ifMatchOf } from '../http/caller.js';
import { answerPage } from '../http/page-items.js';
import { ProfileAnswer } from '../open-api/site-answers.js';
import { ProfileCatalog } from './profile-catalog.js';

const atProfile = new DtoPipe(ProfilePath);

/** `/api/v1/profiles`. */
@ApiTags('profiles')
@Controller('api/v1/profiles')
export class ProfilesController {
  readonly #profiles: ProfileCatalog;

  constructor(@Inject(ProfileCatalog) profiles: ProfileCatalog) {
    this.#profiles = profiles;
  }

  @Get()
  @Route({ summary: 'List profiles', query: PageQuery, answer: ProfileAnswer, isList: true, isPaged: true })
  async list(
    @Query(new DtoPipe(PageQuery)) query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly ProfileView[]> {
    return answerPage(await this.#profiles.list(query), reply, (profile) => profile);
  }

  @Get(':name')
  @Route({ summary: 'Read a profile', path: ProfilePath, answer: ProfileAnswer, problems: ['profile-not-found'] })
  async get(
    @Param(atProfile) { name }: ProfilePath,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProfileView> {
    return answerResource(reply, await this.#profiles.get(name));
  }

  @Put(':name')
  @Route({
    summary: 'Create or replace a stored profile; 201 when it is new',
    path: ProfilePath,
    body: PutProfile,
    answer: ProfileAnswer,
    isConditional: true,
    isWrite: true,
  })
  async put(
    @Param(atProfile) { name }: ProfilePath,
    @Body(new DtoPipe(PutProfile)) body: PutProfile,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProfileView> {
    const { isNew } = await this.#profiles.put(name, body, ifMatchOf(reply.request));
    return answerPut(reply, await this.#profiles.get(name), { isNew, location: `/api/v1/profiles/${name}` });
  }

  @Delete(':name')
  @Route({
    summary: 'Delete a stored profile; a built-in one of that name comes back',
    path: ProfilePath,
    isConditional: true,
    isWrite: true,
    problems: ['profile-not-found', 'conflict'],
  })
  async remove(@Param(atProfile) { name }: ProfilePath, @Req() request: FastifyRequest): Promise<void> {
    await this.#profiles.remove(name, ifMatchOf(request));
  }
}
