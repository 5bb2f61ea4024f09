import { Body, Controller, Delete, Get, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IdcPath, ListLeases, MacPath, PageQuery, PutReservation, PutSubnet, SubnetPath } from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { answerPut, answerResource } from '../http/answer-resource.js';
import { ifMatchOf } from '../http/caller.js';
import { answerPage } from '../http/page-items.js';
import { LeaseAnswer, ReservationAnswer, SubnetAnswer } from '../open-api/site-answers.js';
import { StateView } from '../state-view/state-view.js';
import { listLeases, type LeaseView } from './lease-list.js';
import { reservationPath, Reservations, type ReservationView } from './reservations.js';
import { subnetPath, Subnets, type SubnetView } from './subnets.js';

const pages = { path: IdcPath, query: PageQuery, isList: true, isPaged: true } as const;
const write = { isConditional: true, isWrite: true } as const;
const atIdc = new DtoPipe(IdcPath);
const atSubnet = new DtoPipe(SubnetPath);
const atMac = new DtoPipe(MacPath);
const pageQuery = new DtoPipe(PageQuery);

/** `/api/v1/subnets`, `/api/v1/reservations` and `/api/v1/leases`. */
@ApiTags('network')
@Controller('api/v1')
export class NetworkController {
  readonly #subnets: Subnets;
  readonly #reservations: Reservations;
  readonly #view: StateView;

  constructor(
    @Inject(Subnets) subnets: Subnets,
    @Inject(Reservations) reservations: Reservations,
    @Inject(StateView) view: StateView,
  ) {
    this.#subnets = subnets;
    this.#reservations = reservations;
    this.#view = view;
  }

  @Get('subnets/:idc')
  @Route({ ...pages, summary: 'List subnets', answer: SubnetAnswer })
  async listSubnets(
    @Param(atIdc) { idc }: IdcPath,
    @Query(pageQuery) query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly SubnetView[]> {
    return answerPage(await this.#subnets.list(idc, query), reply, (subnet) => subnet);
  }

  @Get('subnets/:idc/:name')
  @Route({ summary: 'Read a subnet', path: SubnetPath, answer: SubnetAnswer, problems: ['subnet-not-found'] })
  async getSubnet(
    @Param(atSubnet) at: SubnetPath,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SubnetView> {
    return answerResource(reply, await this.#subnets.get(at));
  }

  @Put('subnets/:idc/:name')
  @Route({
    ...write,
    summary: 'Create or replace a subnet; 201 when it is new',
    path: SubnetPath,
    body: PutSubnet,
    answer: SubnetAnswer,
    problems: ['conflict'],
  })
  async putSubnet(
    @Param(atSubnet) at: SubnetPath,
    @Body(new DtoPipe(PutSubnet)) body: PutSubnet,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SubnetView> {
    const { isNew } = await this.#subnets.put(at, body, ifMatchOf(reply.request));
    return answerPut(reply, await this.#subnets.get(at), { isNew, location: subnetPath(at) });
  }

  @Delete('subnets/:idc/:name')
  @Route({ ...write, summary: 'Delete a subnet', path: SubnetPath, problems: ['subnet-not-found', 'conflict'] })
  async removeSubnet(@Param(atSubnet) at: SubnetPath, @Req() request: FastifyRequest): Promise<void> {
    await this.#subnets.remove(at, ifMatchOf(request));
  }

  @Get('reservations/:idc')
  @Route({ ...pages, summary: 'List reservations', answer: ReservationAnswer })
  async listReservations(
    @Param(atIdc) { idc }: IdcPath,
    @Query(pageQuery) query: PageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly ReservationView[]> {
    return answerPage(await this.#reservations.list(idc, query), reply, (reservation) => reservation);
  }

  @Get('reservations/:idc/:mac')
  @Route({
    summary: 'Read a reservation',
    path: MacPath,
    answer: ReservationAnswer,
    problems: ['reservation-not-found'],
  })
  async getReservation(
    @Param(atMac) at: MacPath,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReservationView> {
    return answerResource(reply, await this.#reservations.get(at));
  }

  @Put('reservations/:idc/:mac')
  @Route({
    ...write,
    summary: 'Create or replace a reservation; 201 when it is new',
    path: MacPath,
    body: PutReservation,
    answer: ReservationAnswer,
    problems: ['conflict'],
  })
  async putReservation(
    @Param(atMac) at: MacPath,
    @Body(new DtoPipe(PutReservation)) body: PutReservation,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReservationView> {
    const { isNew } = await this.#reservations.put(at, body, ifMatchOf(reply.request));
    return answerPut(reply, await this.#reservations.get(at), { isNew, location: reservationPath(at) });
  }

  @Delete('reservations/:idc/:mac')
  @Route({ ...write, summary: 'Delete a reservation', path: MacPath, problems: ['reservation-not-found'] })
  async removeReservation(@Param(atMac) at: MacPath, @Req() request: FastifyRequest): Promise<void> {
    await this.#reservations.remove(at, ifMatchOf(request));
  }

  @Get('leases/:idc')
  @Route({ ...pages, query: ListLeases, summary: 'List DHCP leases by address', answer: LeaseAnswer })
  async leases(
    @Param(atIdc) { idc }: IdcPath,
    @Query(new DtoPipe(ListLeases)) query: ListLeases,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly LeaseView[]> {
    return answerPage(await listLeases(this.#view, idc, query), reply, (lease) => lease);
  }
}
