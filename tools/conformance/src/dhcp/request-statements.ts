import { ANY_IPV4 } from '@rackwright/kernel';
import { MessageType, messageTypeOf, OptionCode } from '@rackwright/protocol-dhcp4';
import { judge, Unmet, type Statement } from '../verdict.js';
import { ipOctets, isOnSubnet, wrongRequest } from './client-messages.js';
import { nameOf, type DhcpPeer, type Received } from './dhcp-peer.js';

const requested = (ip: string) => [OptionCode.RequestedIpAddress, ipOctets(ip)] as const;
const chosen = (ip: string) => [OptionCode.ServerIdentifier, ipOctets(ip)] as const;

function seenOf(reply: Received | undefined): string {
  if (reply === undefined) return 'silence';
  const type = messageTypeOf(reply.packet);
  return type === undefined ? 'a reply without option 53' : nameOf(type);
}

/** Whatever a release or a decline does, nobody is told. */
async function expectSilence(peer: DhcpPeer, message: Parameters<DhcpPeer['replyTo']>[0]): Promise<void> {
  const reply = await peer.replyTo(message);
  if (reply !== undefined) throw new Unmet(`${seenOf(reply)} came instead of silence`);
}

export const requestStatements: readonly Statement<DhcpPeer>[] = [
  {
    id: 'D12',
    title: 'A REQUEST that chooses another server is not answered, and the offer is given up',
    reference: 'RFC 2131 section 4.3.2',
    play: async (peer) => {
      const mac = peer.newMac();
      const { packet } = await peer.offer({ mac });
      const options = [requested(packet.yiaddr), chosen(peer.site.foreign)];
      await expectSilence(peer, peer.relayed(MessageType.DHCPREQUEST, { mac, options }));
      const other = await peer.offer({ mac: peer.newMac(), options: [requested(packet.yiaddr)] });
      return judge(
        `silence; ${packet.yiaddr} was then offered to ${other.packet.yiaddr === packet.yiaddr ? 'the next who asked for it' : 'nobody at once'}`,
      );
    },
  },
  {
    id: 'D13',
    title: 'A REQUEST that chooses us with an address we did not offer gets a NAK',
    reference: 'RFC 2131 section 4.3.2',
    play: async (peer) => {
      const mac = peer.newMac();
      const offered = await peer.offer({ mac });
      const { start, end } = peer.site.pool;
      const other = offered.packet.yiaddr === start ? end : start;
      const options = [requested(other), ...peer.accepting(offered).slice(1)];
      const reply = await peer.answerTo(peer.relayed(MessageType.DHCPREQUEST, { mac, options }));
      const isNak = reply !== undefined && messageTypeOf(reply.packet) === MessageType.DHCPNAK;
      return judge(seenOf(reply), { 'no NAK came': !isNak });
    },
  },
  {
    id: 'D14',
    title: 'A rebooting client that asks for an address of another network gets a NAK',
    reference: 'RFC 2131 section 4.3.2',
    play: async (peer) => {
      const reply = await peer.answerTo(wrongRequest(peer));
      const isNak = reply !== undefined && messageTypeOf(reply.packet) === MessageType.DHCPNAK;
      return judge(seenOf(reply), { 'no NAK came': !isNak });
    },
  },
  {
    id: 'D15',
    title: 'A rebooting client without a record is not answered',
    reference: 'RFC 2131 section 4.3.2',
    play: async (peer) => {
      const options = [requested(peer.site.pool.end)];
      const reply = await peer.replyTo(peer.relayed(MessageType.DHCPREQUEST, { mac: peer.newMac(), options }));
      return judge(seenOf(reply), { 'it was answered': reply !== undefined });
    },
  },
  {
    id: 'D17',
    title: 'A rebinding client without a record is not answered; one with a record may get an ACK for its address',
    reference: 'RFC 2131 section 4.3.2',
    play: async (peer) => {
      const stranger = { mac: peer.newMac(), change: { ciaddr: peer.site.pool.end } };
      const unknown = await peer.replyTo(peer.relayed(MessageType.DHCPREQUEST, stranger));
      const mac = peer.newMac();
      const { packet } = await peer.lease({ mac });
      const known = await peer.replyTo(
        peer.relayed(MessageType.DHCPREQUEST, { mac, change: { ciaddr: packet.yiaddr } }),
      );
      return judge(`unknown: ${seenOf(unknown)}, known: ${seenOf(known)}`, {
        'the unknown client was answered': unknown !== undefined,
        'the known one got something else': known !== undefined && known.packet.yiaddr !== packet.yiaddr,
      });
    },
  },
  {
    id: 'D19',
    title: 'A DECLINE is not answered, and its address is not offered to the next client',
    reference: 'RFC 2131 section 4.3.3',
    play: async (peer) => {
      const mac = peer.newMac();
      const leased = await peer.lease({ mac });
      const { yiaddr } = leased.packet;
      await expectSilence(peer, peer.relayed(MessageType.DHCPDECLINE, { mac, options: peer.accepting(leased) }));
      const next = await peer.offer({ mac: peer.newMac(), options: [requested(yiaddr)] });
      return judge(`${yiaddr} declined, then ${next.packet.yiaddr} offered`, {
        'the declined address was offered': next.packet.yiaddr === yiaddr,
      });
    },
  },
  {
    id: 'D20',
    title: 'A RELEASE is not answered; the address is free, and the client that had it gets it again',
    reference: 'RFC 2131 section 4.3.4',
    play: async (peer) => {
      const mac = peer.newMac();
      const leased = await peer.lease({ mac });
      const ciaddr = leased.packet.yiaddr;
      const options = peer.accepting(leased).slice(1);
      await expectSilence(peer, peer.relayed(MessageType.DHCPRELEASE, { mac, options, change: { ciaddr } }));
      const again = await peer.offer({ mac });
      return judge(`${ciaddr} released, then ${again.packet.yiaddr} offered`, {
        'another address was offered': again.packet.yiaddr !== ciaddr,
      });
    },
  },
  {
    id: 'D22',
    title: 'A message without option 53 is not answered, or answered as BOOTP',
    reference: 'RFC 1534 section 2',
    play: async (peer) => {
      const message = { ...peer.relayed(MessageType.DHCPDISCOVER, { mac: peer.newMac() }), options: new Map() };
      const reply = await peer.replyTo(message);
      return judge(reply === undefined ? 'not served' : `${reply.packet.yiaddr} given`, {
        'the reply has option 53': reply?.packet.options.has(OptionCode.DhcpMessageType) === true,
      });
    },
  },
  {
    id: 'D44',
    title: 'A repeated DISCOVER yields the same address',
    reference: 'RFC 2131 section 4.3.1',
    play: async (peer) => {
      const mac = peer.newMac();
      const message = peer.relayed(MessageType.DHCPDISCOVER, { mac });
      const first = await peer.expect(MessageType.DHCPOFFER, message);
      const again = await peer.expect(MessageType.DHCPOFFER, message);
      const later = await peer.offer({ mac });
      const addresses = [first, again, later].map(({ packet }) => packet.yiaddr);
      return judge(addresses.join(', '), {
        'they differ': new Set(addresses).size > 1,
        'one is not on the subnet': [first, again, later].some((reply) => !isOnSubnet(peer, reply)),
        'none was given': addresses.includes(ANY_IPV4),
      });
    },
  },
];
