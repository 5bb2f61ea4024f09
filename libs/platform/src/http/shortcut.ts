import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';

/** Answers some requests before routing, hooks, logging and tracing: for what is asked thousands of times a second. */
export interface Shortcut {
  /** Template of the route it stands for, in metrics. */
  readonly route: string;
  /** Answers with 200 and gives `true`, or leaves everything as it is and gives `false`. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface ShortcutParts {
  readonly shortcut: Shortcut;
  /** Whether this request has to go the usual way. */
  readonly isClosed: (request: IncomingMessage) => boolean;
  readonly onAnswered: (route: string, startedMs: number) => void;
  readonly nowMs: () => number;
}

/** Puts a shortcut before what a server does with its requests. */
export function takeShortcut(server: Server, { shortcut, isClosed, onAnswered, nowMs }: ShortcutParts): void {
  const usual = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const startedMs = nowMs();
    if (request.method === 'GET' && !isClosed(request) && shortcut.answer(request, response)) {
      onAnswered(shortcut.route, startedMs);
      return;
    }
    for (const listener of usual) listener(request, response);
  });
}
