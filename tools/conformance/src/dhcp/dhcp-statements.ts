import type { Statement } from '../verdict.js';
import type { DhcpPeer } from './dhcp-peer.js';
import { directStatements } from './direct-statements.js';
import { headerStatements } from './header-statements.js';
import { optionStatements } from './option-statements.js';
import { relayStatements } from './relay-statements.js';
import { requestStatements } from './request-statements.js';

const numberOf = ({ id }: { readonly id: string }): number => Number(id.slice(1));

/** The statements about DHCPv4 that show on the wire, in their order. */
export const dhcpStatements: readonly Statement<DhcpPeer>[] = [
  ...headerStatements,
  ...relayStatements,
  ...directStatements,
  ...requestStatements,
  ...optionStatements,
].sort((one, other) => numberOf(one) - numberOf(other));
