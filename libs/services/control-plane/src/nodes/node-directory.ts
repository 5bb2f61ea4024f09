import type { Idc, Mac } from '@rackwright/kernel';
import {
  ActOnRegionNode,
  CreateRegionNode,
  DeleteRegionNode,
  PatchRegionNode,
  ROOT_PREFIX,
  idcPrefix,
  type ActOnNode,
  type CreateNode,
  type ListNodes,
  type MessageBus,
  type NodeRecord,
  type PatchNode,
  type RequestContract,
} from '@rackwright/contracts';
import { ProblemError, requireMatch, type IfMatch } from '@rackwright/platform';
import { pageItems, type Page } from '../http/page-items.js';
import { onlyRegion } from '../regions/only-region.js';
import { regionFailure } from '../regions/region-failure.js';
import type { Stored } from '../state-view/record-table.js';
import type { StateView } from '../state-view/state-view.js';
import { nodeNotFound, nodePath, nodeView, type NodeView } from './node-view.js';

/** Nodes: read here, written by the region they are in. */
export class NodeDirectory {
  readonly #view: StateView;
  readonly #bus: MessageBus;

  constructor(parts: { readonly view: StateView; readonly bus: MessageBus }) {
    this.#view = parts.view;
    this.#bus = parts.bus;
  }

  /** Newest first. */
  async list(query: ListNodes): Promise<Page<NodeView>> {
    const state = await this.#view.fresh(query.idc === undefined ? ROOT_PREFIX : idcPrefix(query.idc));
    const nodes = state.nodes
      .list(query.idc)
      .filter(({ value }) => query.status === undefined || value.status === query.status);
    const placeOf = ({ value }: Stored<NodeRecord>): string => `${value.created_at}/${value.idc}/${value.mac}`;
    const page = pageItems(nodes, query, { placeOf, isDescending: true });
    return { ...page, items: page.items.map(({ value, revision }) => nodeView(value, revision)) };
  }

  /** Throws 404. */
  async get(mac: Mac): Promise<NodeView> {
    const { value, revision } = await this.require(mac);
    return nodeView(value, revision);
  }

  /** The node with this MAC. Throws 404. */
  async require(mac: Mac): Promise<Stored<NodeRecord>> {
    const node = (await this.#view.fresh(ROOT_PREFIX)).findNode(mac);
    if (node === undefined) throw nodeNotFound(mac);
    return node;
  }

  async create(body: CreateNode): Promise<NodeView> {
    const state = await this.#view.fresh(ROOT_PREFIX);
    const existing = state.findNode(body.mac);
    if (existing !== undefined) throw nodeExists(existing.value);
    const idc = body.idc ?? onlyRegion(state);
    return this.#ask(CreateRegionNode, idc, { ...body, idc });
  }

  async act(mac: Mac, body: ActOnNode, asking: { readonly by: string; readonly ifMatch: IfMatch }): Promise<NodeView> {
    const idc = await this.#placeOf(mac, asking.ifMatch);
    return this.#ask(ActOnRegionNode, idc, { ...body, mac, by: asking.by });
  }

  async patch(mac: Mac, body: PatchNode, ifMatch: IfMatch): Promise<NodeView> {
    const idc = await this.#placeOf(mac, ifMatch);
    return this.#ask(PatchRegionNode, idc, { ...body, mac });
  }

  async remove(mac: Mac, ifMatch: IfMatch): Promise<void> {
    const idc = await this.#placeOf(mac, ifMatch);
    await this.#ask(DeleteRegionNode, idc, { mac });
  }

  async #placeOf(mac: Mac, ifMatch: IfMatch): Promise<Idc> {
    const { value, revision } = await this.require(mac);
    requireMatch(ifMatch, revision);
    return value.idc;
  }

  async #ask<Req extends object, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    idc: Idc,
    payload: Req,
  ): Promise<Rep> {
    try {
      return await this.#bus.request(contract, { idc }, payload);
    } catch (error) {
      throw regionFailure(error, idc);
    }
  }
}

function nodeExists({ mac, idc }: NodeRecord): ProblemError {
  return new ProblemError('node-exists', `Node ${mac} exists already, in ${idc}`, {
    headers: { location: nodePath(mac) },
  });
}
