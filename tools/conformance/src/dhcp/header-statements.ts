import { BROADCAST_FLAG, MessageType, OptionCode } from '@rackwright/protocol-dhcp4';
import { judge, type Statement } from '../verdict.js';
import { nakOf, reservedLease, wanted } from './client-messages.js';
import { octetsOf, type DhcpPeer, type Received } from './dhcp-peer.js';
import { codesOf, hex, leaseSecondsOf } from './read-reply.js';
import { wireOptions } from './wire-options.js';

const COOKIE_OFFSET = 236;
const BOOTP_FLOOR_BYTES = 300;
const FORBIDDEN: readonly number[] = [
  OptionCode.RequestedIpAddress,
  OptionCode.ParameterRequestList,
  OptionCode.MaximumDhcpMessageSize,
];

function carriesWhatItMust(reply: Received): Readonly<Record<string, boolean>> {
  const codes = codesOf(reply);
  return {
    '53, 54 or 51 is missing': ![53, 54, 51].every((code) => codes.includes(code)),
    '50, 55 or 57 is sent': FORBIDDEN.some((code) => codes.includes(code)),
  };
}

export const headerStatements: readonly Statement<DhcpPeer>[] = [
  {
    id: 'D1',
    title: 'A datagram without the cookie is dropped, and the next one answered',
    reference: 'RFC 2131 section 3',
    play: async (peer) => {
      const bytes = octetsOf(peer.relayed(MessageType.DHCPDISCOVER, { mac: peer.newMac() })).slice();
      bytes.fill(0, COOKIE_OFFSET, COOKIE_OFFSET + 4);
      const garbage = await peer.replyTo(bytes);
      await peer.offer({ mac: peer.newMac() });
      // Without the cookie it may be a BOOTP message (RFC 951), which a server for BOOTP may answer.
      const isDhcp = garbage?.packet.options.has(OptionCode.DhcpMessageType) === true;
      return judge(garbage === undefined ? 'silence, then an OFFER' : 'a reply', { 'it was answered as DHCP': isDhcp });
    },
  },
  {
    id: 'D2',
    title: 'A message with op other than 1 is never answered',
    reference: 'RFC 2131 section 2',
    play: async (peer) => {
      const replies = [];
      for (const op of [2, 0, 7]) {
        const message = peer.relayed(MessageType.DHCPDISCOVER, { mac: peer.newMac(), change: { op } });
        if ((await peer.replyTo(message)) !== undefined) replies.push(op);
      }
      return judge('op 2, 0 and 7 sent', { [`op ${replies.join(', ')} was answered`]: replies.length > 0 });
    },
  },
  {
    id: 'D3',
    title: 'A reply copies xid, htype, hlen, chaddr, flags and giaddr; op is 2, hops and secs are 0',
    reference: 'RFC 2131 section 4.3.1, table 3',
    play: async (peer) => {
      const change = { secs: 9, hops: 3, flags: BROADCAST_FLAG };
      const message = peer.relayed(MessageType.DHCPDISCOVER, { mac: peer.newMac(), change });
      const { packet } = await peer.expect(MessageType.DHCPOFFER, message);
      const copied = ['xid', 'htype', 'hlen', 'flags', 'giaddr'] as const;
      return judge(`hops ${String(packet.hops)}, secs ${String(packet.secs)}`, {
        ...Object.fromEntries(copied.map((name) => [`${name} differs`, packet[name] !== message[name]])),
        'chaddr differs': hex(packet.chaddr) !== hex(message.chaddr),
        'hops is not 0': packet.hops !== 0,
        'secs is not 0': packet.secs !== 0,
      });
    },
  },
  {
    id: 'D4',
    title: 'An ACK has the ciaddr of the REQUEST, an OFFER 0.0.0.0',
    reference: 'RFC 2131 section 4.3.1, table 3',
    play: async (peer) => {
      const mac = peer.newMac();
      const offered = await peer.offer({ mac });
      const request = { mac, options: peer.accepting(offered) };
      const { packet } = await peer.expect(MessageType.DHCPACK, peer.relayed(MessageType.DHCPREQUEST, request));
      const ciaddr = packet.yiaddr;
      const renewal = peer.relayed(MessageType.DHCPREQUEST, { mac, change: { ciaddr } });
      const renewed = await peer.expect(MessageType.DHCPACK, renewal);
      return judge(`OFFER ${offered.packet.ciaddr}, ACK ${packet.ciaddr}, renewed ${renewed.packet.ciaddr}`, {
        'the OFFER has a ciaddr': offered.packet.ciaddr !== '0.0.0.0',
        'the first ACK has a ciaddr': packet.ciaddr !== '0.0.0.0',
        'the ACK of a renewal has another ciaddr': renewed.packet.ciaddr !== ciaddr,
      });
    },
  },
  {
    id: 'D10',
    title: 'OFFER and ACK carry 53, 54 and 51, and never 50, 55 or 57',
    reference: 'RFC 2131 section 4.3.1, table 3',
    play: async (peer) => {
      const mac = peer.newMac();
      const options = [wanted, [OptionCode.MaximumDhcpMessageSize, Uint8Array.of(5, 0)]] as const;
      const offered = await peer.offer({ mac, options });
      const acknowledged = await peer.lease({ mac, options });
      const seen = `OFFER ${codesOf(offered).join(' ')}; ACK ${codesOf(acknowledged).join(' ')}`;
      const [ofOffer, ofAck] = [carriesWhatItMust(offered), carriesWhatItMust(acknowledged)];
      const named = (name: string, complaints: Readonly<Record<string, boolean>>) =>
        Object.fromEntries(Object.entries(complaints).map(([text, holds]) => [`${name}: ${text}`, holds]));
      return judge(seen, { ...named('OFFER', ofOffer), ...named('ACK', ofAck) });
    },
  },
  {
    id: 'D11',
    title: 'The lease time is never 0, and T1 < T2 < lease where they are sent',
    reference: 'RFC 2131 section 4.4.5',
    play: async (peer) => {
      const reply = await peer.lease({ mac: peer.newMac(), options: [wanted] });
      const lease = leaseSecondsOf(reply) ?? 0;
      const seconds = (code: number): number | undefined => {
        const value = reply.packet.options.get(code);
        return value?.length === 4 ? Buffer.from(value).readUInt32BE() : undefined;
      };
      const [t1, t2] = [seconds(OptionCode.RenewalTime), seconds(OptionCode.RebindingTime)];
      return judge(`lease ${String(lease)}, T1 ${String(t1 ?? '-')}, T2 ${String(t2 ?? '-')}`, {
        'the lease time is 0': lease === 0,
        'T1 is not before T2': t1 !== undefined && t2 !== undefined && t1 >= t2,
        'T2 is not before the end': t2 !== undefined && t2 >= lease,
      });
    },
  },
  {
    id: 'D18',
    title: 'A NAK carries 53 and 54 and no address, lease or file; relayed, it has the B flag',
    reference: 'RFC 2131 section 4.3.2 and table 3',
    play: async (peer) => {
      const nak = await nakOf(peer);
      const { packet } = nak;
      const codes = codesOf(nak);
      return judge(`options ${codes.join(' ')}, flags ${packet.flags.toString(16)}`, {
        '53 or 54 is missing': !codes.includes(53) || !codes.includes(54),
        'it has a lease time': codes.includes(51),
        'it has yiaddr, siaddr or file':
          packet.yiaddr !== '0.0.0.0' || packet.siaddr !== '0.0.0.0' || packet.file !== '',
        'the B flag is not set': (packet.flags & BROADCAST_FLAG) === 0,
      });
    },
  },
  {
    id: 'D46',
    title: 'A reply has at least 300 octets and an end option',
    reference: 'RFC 1542 section 2.1, RFC 2132 section 3.2',
    play: async (peer) => {
      const replies = [await peer.offer({ mac: peer.newMac() }), await nakOf(peer)];
      if (peer.site.reservation !== undefined) replies.push(await reservedLease(peer, []));
      return judge(replies.map(({ bytes }) => `${String(bytes.length)} octets`).join(', '), {
        'one is shorter': replies.some(({ bytes }) => bytes.length < BOOTP_FLOOR_BYTES),
        'one has no end option': replies.some(({ bytes }) => !wireOptions(bytes).hasEnd),
      });
    },
  },
];
