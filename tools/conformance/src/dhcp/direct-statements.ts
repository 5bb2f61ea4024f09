import { BROADCAST_FLAG, MessageType } from '@rackwright/protocol-dhcp4';
import { judge, type Statement } from '../verdict.js';
import { reservedLease, wanted } from './client-messages.js';
import type { DhcpPeer } from './dhcp-peer.js';
import { codesOf, leaseSecondsOf } from './read-reply.js';

export const directStatements: readonly Statement<DhcpPeer>[] = [
  {
    id: 'D6',
    title: 'Without giaddr and with ciaddr the reply goes to ciaddr at port 68',
    reference: 'RFC 2131 section 4.1',
    play: async (peer) => {
      const { mac, ip } = peer.reserved();
      await reservedLease(peer);
      const renewal = peer.direct(MessageType.DHCPREQUEST, { mac, change: { ciaddr: ip } });
      const { at } = await peer.expect(MessageType.DHCPACK, renewal, 'unicast');
      return judge(at, { 'it was not sent to ciaddr': at !== 'unicast' });
    },
  },
  {
    id: 'D7',
    title: 'Without giaddr and ciaddr and with the B flag the reply is broadcast',
    reference: 'RFC 2131 section 4.1',
    play: async (peer) => {
      const message = peer.direct(MessageType.DHCPDISCOVER, { mac: peer.newMac(), change: { flags: BROADCAST_FLAG } });
      const { at } = await peer.expect(MessageType.DHCPOFFER, message, 'broadcast');
      return judge(at, { 'it was not broadcast': at !== 'broadcast' });
    },
  },
  {
    id: 'D16',
    title: 'A renewing client gets an ACK that extends the same address',
    reference: 'RFC 2131 section 4.3.2',
    play: async (peer) => {
      const { mac, ip } = peer.reserved();
      await reservedLease(peer);
      const renewal = peer.direct(MessageType.DHCPREQUEST, { mac, options: [wanted], change: { ciaddr: ip } });
      const reply = await peer.expect(MessageType.DHCPACK, renewal, 'unicast');
      return judge(`${reply.packet.yiaddr} for ${String(leaseSecondsOf(reply) ?? 0)} s`, {
        'another address came': reply.packet.yiaddr !== ip,
        'it has no lease time': (leaseSecondsOf(reply) ?? 0) === 0,
      });
    },
  },
  {
    id: 'D21',
    title: 'An INFORM gets parameters at ciaddr, without a lease time and an address',
    reference: 'RFC 2131 section 4.3.5',
    play: async (peer) => {
      const { mac, ip } = peer.reserved();
      const inform = peer.direct(MessageType.DHCPINFORM, { mac, options: [wanted], change: { ciaddr: ip } });
      const reply = await peer.expect(MessageType.DHCPACK, inform, 'unicast');
      const codes = codesOf(reply);
      return judge(`${reply.at}, yiaddr ${reply.packet.yiaddr}, options ${codes.join(' ')}`, {
        'it was not sent to ciaddr': reply.at !== 'unicast',
        'it has a lease time': codes.includes(51),
        'it has yiaddr': reply.packet.yiaddr !== '0.0.0.0',
        'it has no parameters': !codes.includes(3) && !codes.includes(6),
      });
    },
  },
];
