import type { BootTraces } from '../tracing/boot-traces.js';
import { traceOfTransfer } from '../tracing/trace-of-transfer.js';
import { TftpContents, type TftpContentsParts } from './tftp-contents.js';
import { TftpServer, type TftpServerParts } from './tftp-server.js';

type TftpParts = TftpContentsParts &
  Omit<TftpServerParts, 'contents' | 'traceOf'> & { readonly traces: Pick<BootTraces, 'of'> };

/** Builds the TFTP server over what the region knows. */
export function createTftp(parts: TftpParts): TftpServer {
  return new TftpServer({
    ...parts,
    contents: new TftpContents(parts),
    traceOf: (filename, client) => traceOfTransfer({ filename, client }, parts),
  });
}
