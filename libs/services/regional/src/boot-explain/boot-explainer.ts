import {
  explainBootProblems,
  MAX_EXPLAINED_PACKET_BYTES,
  type BootExplanation,
  type BootReplay,
  type ExplainBoot,
  type ExplainedPlace,
  type FieldProblem,
  type ReplayBoot,
  type ReplayedPacket,
} from '@rackwright/contracts';
import {
  chooseSubnet,
  decide,
  SupposedLeases,
  type Arrival,
  type BootScriptChoice,
  type DhcpRequest,
  type NetbootView,
  type Reply,
} from '@rackwright/domain-netboot';
import { formatInstant, type Clock, type Idc, type Ipv4, type Mac } from '@rackwright/kernel';
import { ProblemError } from '@rackwright/platform';
import { decodeDhcp, type DhcpPacket } from '@rackwright/protocol-dhcp4';
import { encodeReply } from '../dhcp/reply-packet.js';
import { requestFactsOf } from '../dhcp/request-facts.js';
import { describedRequest } from './described-request.js';
import { decisionView, fieldViews, packetView, requestView } from './explanation-view.js';

/** What explanations are made from: what the wire answers from, as of one moment. */
export interface ExplainerSite {
  readonly view: NetbootView;
  /** The interface DHCP is served on. */
  readonly addresses: Arrival['addresses'];
}

export interface BootExplainerParts {
  readonly idc: Idc;
  readonly clock: Clock;
  /** `undefined` while another instance serves. */
  readonly site: () => ExplainerSite | undefined;
  readonly chooseScript: (mac: Mac) => BootScriptChoice;
  readonly addressesOf: (interfaceName: string) => readonly Ipv4[];
}

const SERVER_PORT = 67;
const CLIENT_PORT = 68;

interface Question {
  readonly bytes: Uint8Array;
  readonly sender: Omit<ReplayedPacket, 'packet'>;
  readonly site: ExplainerSite;
}

/** Says what the region would do with a packet, by the functions that serve the wire; changes nothing. */
export class BootExplainer {
  readonly #parts: BootExplainerParts;

  constructor(parts: BootExplainerParts) {
    this.#parts = parts;
  }

  /** Throws 400 when the fields do not go together, 503 while another instance serves. */
  explain(body: ExplainBoot): BootExplanation {
    const problems = explainBootProblems(body);
    if (problems.length > 0) throw invalid(problems);
    const site = this.#siteOf(body);
    const { packet, mac } = body;
    const bytes = packet === undefined ? this.#describe(mac, body) : octets(packet);
    return this.#answer({ bytes, sender: body, site }).explanation;
  }

  /** As {@link explain}, each packet seeing what those before it would have changed. */
  replay(body: ReplayBoot): BootReplay {
    const { view, addresses } = this.#siteOf(body);
    const leases = new SupposedLeases(view.leases);
    const site = { view: { ...view, leases }, addresses };
    const explanations = body.packets.map((sent) => {
      const { explanation, change } = this.#answer({ bytes: octets(sent.packet), sender: sent, site });
      if (change !== undefined) leases.suppose(change, this.#parts.clock.now());
      return explanation;
    });
    return { explanations };
  }

  #describe(mac: Mac | undefined, body: ExplainBoot): Uint8Array {
    const bytes = mac === undefined ? undefined : describedRequest(mac, body);
    if (bytes !== undefined && bytes.length <= MAX_EXPLAINED_PACKET_BYTES) return bytes;
    throw invalid([{ pointer: '/mac', detail: 'mac is required: give mac, or packet' }]);
  }

  #siteOf({ idc, interface: interfaceName }: ExplainedPlace): ExplainerSite {
    const { idc: own, site, addressesOf } = this.#parts;
    if (idc !== undefined && idc !== own) {
      throw invalid([{ pointer: '/idc', detail: `idc must be ${own} or left out: this is its region` }]);
    }
    const current = site();
    if (current === undefined)
      throw new ProblemError('not-ready', 'Another instance serves this IDC, or none does yet');
    if (interfaceName === undefined) return current;
    const [first, ...others] = addressesOf(interfaceName);
    if (first !== undefined) return { ...current, addresses: [first, ...others] };
    const detail = 'interface must be one of this region that has an IPv4 address';
    throw invalid([{ pointer: '/interface', detail }]);
  }

  #answer({ bytes, sender, site }: Question): { explanation: BootExplanation; change?: NonNullable<Reply['change']> } {
    const { idc, clock } = this.#parts;
    const about = { idc, at: formatInstant(clock.now()) };
    const packet = decodeDhcp(bytes);
    if (!packet.ok) return { explanation: unread(about, packet.fault.code) };
    const request = requestFactsOf(packet.value);
    if (!request.ok) return { explanation: unread(about, request.fault) };
    const arrival = arrivalOf(request.value, sender, site);
    const decision = decide(request.value, arrival, { view: site.view, now: clock.now() });
    const subnet = chooseSubnet(request.value, arrival, site.view.subnets);
    const explanation = {
      ...about,
      request: requestView(request.value, packetView(bytes, packet.value)),
      decision: decisionView(decision),
      ...(subnet === undefined ? {} : { subnet: { name: subnet.name, cidr: subnet.cidr } }),
      fields: decision.kind === 'reply' ? fieldViews(decision) : [],
      ...(decision.kind === 'reply' ? replyView(packet.value, decision) : {}),
      ...this.#scriptOf(request.value),
    };
    return { explanation, ...(decision.change === undefined ? {} : { change: decision.change }) };
  }

  #scriptOf({ mac }: DhcpRequest): Pick<BootExplanation, 'script'> {
    return mac === undefined ? {} : { script: this.#parts.chooseScript(mac) };
  }
}

function octets(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

function arrivalOf({ giaddr }: DhcpRequest, sender: Question['sender'], site: ExplainerSite): Arrival {
  const { service = 'dhcp', source_ip, source_port } = sender;
  return {
    addresses: site.addresses,
    sourcePort: source_port ?? (giaddr === undefined ? CLIENT_PORT : SERVER_PORT),
    ...(source_ip === undefined ? {} : { sourceAddress: source_ip }),
    service,
  };
}

/** What cannot be read is not answered: the wire counts it under this reason. */
function unread(about: Pick<BootExplanation, 'idc' | 'at'>, reason: string): BootExplanation {
  return { ...about, decision: { kind: 'silence', reason }, fields: [] };
}

function replyView(request: DhcpPacket, reply: Reply): Pick<BootExplanation, 'reply'> {
  const bytes = encodeReply(request, reply);
  const packet = decodeDhcp(bytes);
  return packet.ok ? { reply: packetView(bytes, packet.value) } : {};
}

function invalid(errors: readonly FieldProblem[]): ProblemError {
  return new ProblemError('invalid-request', `Invalid body: ${errors.map(({ detail }) => detail).join('; ')}`, {
    errors,
  });
}
