import {
  ActOnRegionNode,
  busProblem,
  CreateRegionNode,
  DeleteRegionNode,
  ExplainRegionBoot,
  PatchRegionNode,
  RemoteProblem,
  RenderTask,
  ReplayRegionBoot,
  type MessageBus,
  type NodeReply,
  type RequestContract,
  type Subscription,
} from '@rackwright/contracts';
import { OperationalError, type Idc } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import type { BootPlane } from '../boot-plane.port.js';
import type { NodeAt, NodeDesk } from '../nodes/node-desk.js';
import { nodeView } from '../nodes/node-view.js';

export interface RegionRespondersParts {
  readonly idc: Idc;
  readonly bus: MessageBus;
  readonly desk: NodeDesk;
  readonly plane: Pick<BootPlane, 'render' | 'explainer'>;
}

const ANY = { kind: 'none' } as const;

/** Answers what the control plane asks of this region over NATS. */
export class RegionResponders implements AsyncDisposable {
  readonly #parts: RegionRespondersParts;
  readonly #subscriptions: readonly Subscription[];

  constructor(parts: RegionRespondersParts) {
    this.#parts = parts;
    const { desk, plane } = parts;
    this.#subscriptions = [
      this.#serve(CreateRegionNode, async (body) => replyOf(await desk.create(body))),
      this.#serve(ActOnRegionNode, async ({ mac, by, ...body }) =>
        replyOf(await desk.act(mac, body, { by: by ?? 'control-plane', ifMatch: ANY })),
      ),
      this.#serve(PatchRegionNode, async ({ mac, ...body }) => replyOf(await desk.patch(mac, body, ANY))),
      this.#serve(DeleteRegionNode, async ({ mac }) => ({ deleted: await desk.delete(mac, ANY) })),
      this.#serve(RenderTask, async ({ sn }) => {
        const files = await plane.render(sn);
        if (files === undefined) throw new ProblemError('task-not-found', `There is no task for machine ${sn}`);
        return { files };
      }),
      this.#serve(ExplainRegionBoot, async (body) => plane.explainer.explain(body)),
      this.#serve(ReplayRegionBoot, async (body) => plane.explainer.replay(body)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription[Symbol.asyncDispose]()));
  }

  #serve<Req extends object, Rep extends object>(
    contract: RequestContract<Req, Rep>,
    handler: (payload: Req) => Promise<Rep>,
  ): Subscription {
    const { idc, bus } = this.#parts;
    return bus.respond(contract, { idc }, async (payload) => {
      try {
        return await handler(payload);
      } catch (error) {
        throw asRemoteProblem(error);
      }
    });
  }
}

function replyOf({ node, revision }: NodeAt): NodeReply {
  return nodeView(node, revision) as NodeReply;
}

/** What may be told over the bus; anything else is a bug and stays an error of this process. */
function asRemoteProblem(error: unknown): unknown {
  if (error instanceof ProblemError) {
    const { code, message, errors, headers, members } = error;
    const { location } = headers;
    const extra = { ...members, ...(location === undefined ? {} : { location }) };
    return new RemoteProblem({ ...busProblem(code, message, errors), ...extra });
  }
  if (error instanceof OperationalError && error.code === 'store-unavailable') {
    return new RemoteProblem(busProblem('store-unavailable', 'The region cannot reach etcd'));
  }
  return error;
}
