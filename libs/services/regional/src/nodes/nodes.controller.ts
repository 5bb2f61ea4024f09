import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ActOnNode, CreateNode, ListNodes, NodePath, PatchNode } from '@rackwright/contracts';
import { parseMac, type Mac } from '@rackwright/kernel';
import { DtoPipe, etagOf, pageHeaders, pageOf, parseIfMatch, Route } from '@rackwright/platform';
import { NodeAnswer } from '../open-api/answers.js';
import { REGION_STATE, type RegionState } from '../region-view/region-state.js';
import { NODE_DESK, type NodeAt, type NodeDesk } from './node-desk.js';
import { nodeNotFound, nodePath } from './node-problems.js';
import { nodeView, type NodeView } from './node-view.js';
import { pageOfRows } from './page-of-rows.js';

/** Who acts, until there is authentication. */
const CALLER = 'api';

const onNode = { path: NodePath, isConditional: true, isWrite: true } as const;

/** `/api/v1/nodes`: the nodes of this data centre. */
@ApiTags('nodes')
@Controller('api/v1/nodes')
export class NodesController {
  readonly #desk: NodeDesk;
  readonly #state: RegionState;

  constructor(@Inject(NODE_DESK) desk: NodeDesk, @Inject(REGION_STATE) state: RegionState) {
    this.#desk = desk;
    this.#state = state;
  }

  @Get()
  @Route({ summary: 'Nodes', query: ListNodes, answer: NodeAnswer, isList: true, isPaged: true, asksStore: false })
  list(
    @Query(new DtoPipe(ListNodes, { allowEmpty: true })) query: ListNodes,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): readonly NodeView[] {
    const { idc, status } = query;
    const nodes = [...this.#state.nodes()]
      .filter((node) => (idc === undefined || node.idc === idc) && (status === undefined || node.status === status))
      .sort((left, right) => (left.mac < right.mac ? -1 : 1));
    const page = pageOfRows(nodes, pageOf(query), ({ mac }) => mac);
    reply.headers(pageHeaders(request.url, page));
    return page.rows.map((node) => nodeView(node, this.#state.storedNode(node.mac)?.modRevision ?? 0n));
  }

  @Get(':mac')
  @Route({ summary: 'A node', path: NodePath, answer: NodeAnswer, asksStore: false, problems: ['node-not-found'] })
  get(@Param('mac') text: string, @Res({ passthrough: true }) reply: FastifyReply): NodeView {
    const mac = macOf(text);
    const found = this.#desk.find(mac);
    if (found === undefined) throw nodeNotFound(mac);
    return show(found, reply);
  }

  @Post()
  @Route({
    summary: 'Add a node',
    body: CreateNode,
    status: 201,
    answer: NodeAnswer,
    isWrite: true,
    problems: ['node-exists'],
  })
  async create(
    @Body(new DtoPipe(CreateNode)) body: CreateNode,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NodeView> {
    const created = await this.#desk.create(body);
    reply.header('location', nodePath(created.node.mac));
    return show(created, reply);
  }

  @Put(':mac')
  @Route({
    ...onNode,
    summary: 'Say what a node does at its next boot',
    body: ActOnNode,
    answer: NodeAnswer,
    problems: ['node-not-found', 'profile-not-found', 'task-active', 'machine-in-maintenance'],
  })
  async act(
    @Param('mac') text: string,
    @Body(new DtoPipe(ActOnNode)) body: ActOnNode,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NodeView> {
    const asked = { by: CALLER, ifMatch: parseIfMatch(reply.request.headers['if-match']) };
    return show(await this.#desk.act(macOf(text), body, asked), reply);
  }

  @Patch(':mac')
  @Route({ ...onNode, summary: 'Change a node', body: PatchNode, answer: NodeAnswer, problems: ['node-not-found'] })
  async patch(
    @Param('mac') text: string,
    @Body(new DtoPipe(PatchNode)) body: PatchNode,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NodeView> {
    const ifMatch = parseIfMatch(reply.request.headers['if-match']);
    return show(await this.#desk.patch(macOf(text), body, ifMatch), reply);
  }

  @Delete(':mac')
  @Route({ ...onNode, summary: 'Forget a node', problems: ['node-not-found'] })
  async delete(@Param('mac') text: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    await this.#desk.delete(macOf(text), parseIfMatch(ifMatch));
  }
}

function macOf(text: string): Mac {
  const mac = parseMac(text);
  if (mac === undefined) throw nodeNotFound(JSON.stringify(text.slice(0, 32)));
  return mac;
}

function show({ node, revision }: NodeAt, reply: FastifyReply): NodeView {
  void reply.header('etag', etagOf(revision));
  return nodeView(node, revision);
}
