import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemCatalog, type ProblemCode } from '@rackwright/contracts';
import { PROBLEM_MEDIA_TYPE, renderProblem } from '../problems/render-problem.js';

const REFUSALS: Readonly<Record<string, { readonly code: ProblemCode; readonly detail: string }>> = {
  HPE_HEADER_OVERFLOW: { code: 'headers-too-large', detail: 'The request headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request-timeout', detail: 'The request was not received in time' },
};
const MALFORMED = { code: 'malformed-http', detail: 'This is not an HTTP request the server can read' } as const;

/** Answers bytes that Node's parser refused before there was a request. */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { code, detail } = REFUSALS[error.code ?? ''] ?? MALFORMED;
  const { status, title } = problemCatalog[code];
  const body = JSON.stringify(renderProblem({ code, status, title, detail }));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? title}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
