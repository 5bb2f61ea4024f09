import { cidrContains } from '@rackwright/kernel';
import { BROADCAST_FLAG, MessageType, OptionCode } from '@rackwright/protocol-dhcp4';
import { judge, NotApplicable, type Statement } from '../verdict.js';
import { ipOctets, isOnSubnet, wanted } from './client-messages.js';
import type { DhcpPeer } from './dhcp-peer.js';
import { hex, serverIdOf } from './read-reply.js';
import { wireOptions } from './wire-options.js';

const relayOption = (...octets: readonly number[]) =>
  [OptionCode.RelayAgentInformation, Uint8Array.from(octets)] as const;

/** An address the relay would like to be named instead of the server: RFC 5107 section 4. */
const OVERRIDE = '192.0.2.77';

export const relayStatements: readonly Statement<DhcpPeer>[] = [
  {
    id: 'D5',
    title: 'With giaddr set the reply goes to the relay at port 67, whatever the B flag says',
    reference: 'RFC 2131 section 4.1',
    play: async (peer) => {
      const places = [];
      for (const flags of [0, BROADCAST_FLAG]) {
        const message = peer.relayed(MessageType.DHCPDISCOVER, { mac: peer.newMac(), change: { flags } });
        places.push((await peer.expect(MessageType.DHCPOFFER, message)).at);
      }
      return judge(places.join(', '), { 'one went elsewhere': places.some((place) => place !== 'relay') });
    },
  },
  {
    id: 'D27',
    title: 'Option 82 is echoed octet by octet as the last option, and absent when it was not sent',
    reference: 'RFC 3046 section 2.2',
    play: async (peer) => {
      const option = relayOption(1, 4, 0, 1, 2, 3, 2, 3, 97, 98, 99, 151, 1, 0);
      const sent = await peer.offer({ mac: peer.newMac(), options: [wanted, option] });
      const unsent = await peer.offer({ mac: peer.newMac(), options: [wanted] });
      const last = wireOptions(sent.bytes).options.at(-1);
      return judge(`82 ${hex(sent.packet.options.get(82))}, last ${String(last?.code ?? '-')}`, {
        'it differs': hex(sent.packet.options.get(82)) !== hex(option[1]),
        'it is not last': last?.code !== 82,
        'it came unsent': unsent.packet.options.has(82),
      });
    },
  },
  {
    id: 'D29',
    title: 'The subnet is that of 82.5, else of 118, else of giaddr; 82.11 names the server',
    reference: 'RFC 3527, RFC 3011, RFC 5107',
    play: async (peer) => {
      const { second } = peer.site;
      if (second === undefined) throw new NotApplicable('the site has one subnet');
      const link = ipOctets(second.link);
      const byLink = await peer.offer({ mac: peer.newMac(), options: [relayOption(5, 4, ...link)] });
      const bySelection = await peer.offer({ mac: peer.newMac(), options: [[118, link]] });
      const here = ipOctets(peer.site.relay.address);
      const both = await peer.offer({ mac: peer.newMac(), options: [[118, here], relayOption(5, 4, ...link)] });
      const plain = await peer.offer({ mac: peer.newMac() });
      const named = await peer.offer({ mac: peer.newMac(), options: [relayOption(11, 4, ...ipOctets(OVERRIDE))] });
      const isSecond = ({ packet }: typeof plain): boolean => cidrContains(second.subnet, packet.yiaddr);
      const addresses = [byLink, bySelection, both, plain].map(({ packet }) => packet.yiaddr);
      return judge(
        `82.5 ${addresses[0] ?? ''}, 118 ${addresses[1] ?? ''}, both ${addresses[2] ?? ''}, giaddr ${addresses[3] ?? ''}; 54 with 82.11 ${serverIdOf(named) ?? '-'}`,
        {
          '82.5 was not followed': !isSecond(byLink),
          '118 was not followed': !isSecond(bySelection),
          '118 came before 82.5': !isSecond(both),
          'giaddr was not followed': !isOnSubnet(peer, plain),
          '82.11 was not followed': serverIdOf(named) !== OVERRIDE,
        },
      );
    },
  },
];
