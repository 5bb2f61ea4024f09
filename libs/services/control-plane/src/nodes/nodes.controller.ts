import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  ActOnNode,
  CommandNode,
  CreateNode,
  ListNodes,
  NodeCommandPath,
  NodePath,
  PatchNode,
  type NodeCommandRecord,
} from '@rackwright/contracts';
import { DtoPipe, Route } from '@rackwright/platform';
import { answerResource } from '../http/answer-resource.js';
import { askingOf, ifMatchOf } from '../http/caller.js';
import { answerPage } from '../http/page-items.js';
import { CommandAnswer, NodeAnswer } from '../open-api/site-answers.js';
import { NodeCommands } from './node-commands.js';
import { NodeDirectory } from './node-directory.js';
import { nodePath, type NodeView } from './node-view.js';

const onNode = { path: NodePath, isConditional: true, isWrite: true } as const;
const ofRegion = ['node-not-found', 'region-unavailable', 'bus-unavailable'] as const;
const atNode = new DtoPipe(NodePath);

/** `/api/v1/nodes`: reads are answered here, writes by the region of the node. */
@ApiTags('nodes')
@Controller('api/v1/nodes')
export class NodesController {
  readonly #nodes: NodeDirectory;
  readonly #commands: NodeCommands;

  constructor(@Inject(NodeDirectory) nodes: NodeDirectory, @Inject(NodeCommands) commands: NodeCommands) {
    this.#nodes = nodes;
    this.#commands = commands;
  }

  @Get()
  @Route({ summary: 'List nodes, newest first', query: ListNodes, answer: NodeAnswer, isList: true, isPaged: true })
  async list(
    @Query(new DtoPipe(ListNodes)) query: ListNodes,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly NodeView[]> {
    return answerPage(await this.#nodes.list(query), reply, (node) => node);
  }

  @Get(':mac')
  @Route({ summary: 'Read a node', path: NodePath, answer: NodeAnswer, problems: ['node-not-found'] })
  async get(@Param(atNode) { mac }: NodePath, @Res({ passthrough: true }) reply: FastifyReply): Promise<NodeView> {
    return answerResource(reply, await this.#nodes.get(mac));
  }

  @Post()
  @Route({
    summary: 'Make a node known before its first boot',
    body: CreateNode,
    status: 201,
    answer: NodeAnswer,
    isWrite: true,
    problems: ['node-exists', 'region-unavailable', 'bus-unavailable'],
  })
  async create(
    @Body(new DtoPipe(CreateNode)) body: CreateNode,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NodeView> {
    const node = await this.#nodes.create(body);
    return answerResource(reply, node, nodePath(node.mac));
  }

  @Put(':mac')
  @Route({
    ...onNode,
    summary: 'Decide what a node does at its next boot',
    body: ActOnNode,
    answer: NodeAnswer,
    problems: [...ofRegion, 'task-active', 'conflict'],
  })
  async act(
    @Param(atNode) { mac }: NodePath,
    @Body(new DtoPipe(ActOnNode)) body: ActOnNode,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NodeView> {
    return answerResource(reply, await this.#nodes.act(mac, body, askingOf(reply.request)));
  }

  @Patch(':mac')
  @Route({
    ...onNode,
    summary: 'Change the network data of a node',
    body: PatchNode,
    answer: NodeAnswer,
    problems: ofRegion,
  })
  async patch(
    @Param(atNode) { mac }: NodePath,
    @Body(new DtoPipe(PatchNode)) body: PatchNode,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NodeView> {
    return answerResource(reply, await this.#nodes.patch(mac, body, ifMatchOf(reply.request)));
  }

  @Delete(':mac')
  @Route({ ...onNode, summary: 'Forget a node', problems: ofRegion })
  async remove(@Param(atNode) { mac }: NodePath, @Req() request: FastifyRequest): Promise<void> {
    await this.#nodes.remove(mac, ifMatchOf(request));
  }

  @Post(':mac/commands')
  @Route({
    summary: 'Send a command to the host agent of a node',
    path: NodePath,
    body: CommandNode,
    status: 201,
    answer: CommandAnswer,
    isWrite: true,
    problems: ['node-not-found', 'bus-unavailable'],
  })
  async command(
    @Param(atNode) { mac }: NodePath,
    @Body(new DtoPipe(CommandNode)) body: CommandNode,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NodeCommandRecord> {
    const command = await this.#commands.send(mac, body);
    void reply.header('location', `${nodePath(mac)}/commands/${command.id}`);
    return command;
  }

  @Get(':mac/commands/:id')
  @Route({
    summary: 'What became of a command',
    path: NodeCommandPath,
    answer: CommandAnswer,
    problems: ['command-not-found'],
  })
  async readCommand(@Param(new DtoPipe(NodeCommandPath)) { mac, id }: NodeCommandPath): Promise<NodeCommandRecord> {
    return this.#commands.get(mac, id);
  }
}
