import type { Statement } from '../verdict.js';
import { optionStatements } from './option-statements.js';
import { readStatements } from './read-statements.js';
import type { TftpTarget } from './tftp-exchange.js';

const numberOf = ({ id }: { readonly id: string }): number => Number(id.slice(1));

/** The statements about TFTP that one client can see, in their order. */
export const tftpStatements: readonly Statement<TftpTarget>[] = [...readStatements, ...optionStatements].sort(
  (one, other) => numberOf(one) - numberOf(other),
);
