import { TftpContents, type TftpContentsParts } from './tftp-contents.js';
import { TftpServer, type TftpServerParts } from './tftp-server.js';

/** Builds the TFTP server over what the region knows. */
export function createTftp(parts: TftpContentsParts & Omit<TftpServerParts, 'contents'>): TftpServer {
  return new TftpServer({ ...parts, contents: new TftpContents(parts) });
}
