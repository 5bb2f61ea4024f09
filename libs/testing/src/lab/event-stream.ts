/** An event as `GET /api/v1/events` delivers it. */
export interface StreamedEvent {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly idc: string;
  readonly subject: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly traceparent?: string;
}

/** Follows the event stream of a control plane, resuming by sequence number when it breaks. */
export class EventStream implements AsyncDisposable {
  readonly events: StreamedEvent[] = [];
  readonly #url: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #lastId = '0';

  constructor(controlPlaneUrl: string) {
    this.#url = `${controlPlaneUrl}/api/v1/events`;
    this.#running = this.#follow();
  }

  /** Events about one task, in stream order. */
  ofTask(taskId: string): readonly StreamedEvent[] {
    return this.events.filter((event) => event.data['task_id'] === taskId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#read();
      } catch {
        // The server went away; the next attempt resumes after the last event that arrived whole.
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }

  async #read(): Promise<void> {
    const headers = { accept: 'text/event-stream', 'last-event-id': this.#lastId };
    const response = await fetch(`${this.#url}?after=0`, { headers, signal: this.#stop.signal });
    if (!response.ok || response.body === null) {
      await response.arrayBuffer();
      return;
    }
    let pending = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (pending + chunk).split('\n\n');
      pending = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => {
        const at = line.indexOf(':');
        return [line.slice(0, at), line.slice(at + 1).trimStart()] as const;
      }),
    );
    const data = fields.get('data');
    if (data === undefined) return;
    const event = JSON.parse(data) as StreamedEvent;
    this.#lastId = fields.get('id') ?? this.#lastId;
    this.events.push(event);
  }
}

const RECONNECT_MS = 100;
