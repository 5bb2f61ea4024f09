import type { CapturedFrame } from '@rackwright/testing';

/** Where a DHCP reply went: its frame, its packet, and the address it offers (`yiaddr`). */
export interface ReplyFrame {
  readonly toCard: string;
  readonly toAddress: string;
  readonly offered: string;
}

const IP_DESTINATION = 30;
const DHCP_START = 42;
/** RFC 2131 section 2, figure 1. */
const YIADDR = DHCP_START + 16;

/** Reads an Ethernet frame with a DHCP message in IPv4 without options. */
export function readReplyFrame(frame: CapturedFrame): ReplyFrame {
  const toCard = [...frame.subarray(0, 6)].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
  const address = (offset: number): string => frame.subarray(offset, offset + 4).join('.');
  return { toCard, toAddress: address(IP_DESTINATION), offered: address(YIADDR) };
}
