import type { DhcpDecision, DhcpRequest } from '@rackwright/domain-netboot';
import { formatMac, type Clock, type Logger } from '@rackwright/kernel';
import type { BootTraces } from '../tracing/boot-traces.js';
import { bootRefusalOf } from './boot-refusal.js';
import type { DhcpMetrics } from './dhcp-metrics.js';
import { LineBudget } from './line-budget.js';

export interface DecisionLogParts {
  readonly isDryRun: boolean;
  readonly traces: BootTraces;
  readonly metrics: DhcpMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A missing file is complained about once in this time, not once per machine and retransmission. */
const COMPLAINT_PAUSE_MS = 60_000;
const MAX_COMPLAINTS = 256;

/** One line per DHCP message as long as they are not too many, and a count of boots that were refused. */
export class DecisionLog {
  readonly #parts: DecisionLogParts;
  readonly #budget: LineBudget;
  readonly #complainedAtMs = new Map<string, number>();

  constructor(parts: DecisionLogParts) {
    this.#parts = parts;
    this.#budget = new LineBudget(parts.clock, (count) => {
      parts.logger.info({ messages: count }, 'DHCP messages answered or dropped without a line of their own');
    });
  }

  note(request: DhcpRequest, decision: DhcpDecision): void {
    const refusal = bootRefusalOf(decision);
    if (refusal !== undefined) this.#parts.metrics.bootRefused(refusal);
    if (decision.missingFile !== undefined) this.#complain(request, decision.missingFile);
    if (this.#parts.isDryRun || this.#budget.admits()) this.#write(request, decision);
  }

  #write({ type, mac, giaddr, client }: DhcpRequest, decision: DhcpDecision): void {
    const { logger, isDryRun, traces } = this.#parts;
    const fields = {
      type,
      mac: mac === undefined ? undefined : formatMac(mac),
      giaddr,
      client: client.kind,
      trace: mac === undefined ? undefined : traces.of(mac),
      reason: decision.reason,
    };
    if (decision.kind === 'silence') {
      logger.debug(fields, 'DHCP message not answered');
      return;
    }
    const { fields: values, to, bootRefusal } = decision;
    const answer = {
      answer: decision.type,
      ip: values.yiaddr?.value,
      boot_file: values.bootFile?.value,
      bootRefusal,
      to,
    };
    if (isDryRun) logger.info({ ...fields, ...answer, values }, 'dry run: this DHCP reply was not sent');
    else logger.info({ ...fields, ...answer }, 'DHCP reply');
  }

  #complain({ mac }: DhcpRequest, file: string): void {
    const { clock, logger } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#complainedAtMs.get(file) ?? -Infinity) < COMPLAINT_PAUSE_MS) return;
    if (this.#complainedAtMs.size >= MAX_COMPLAINTS) this.#complainedAtMs.clear();
    this.#complainedAtMs.set(file, nowMs);
    logger.warn({ file, mac }, 'a machine cannot boot: its boot file is not in the asset directory');
  }
}
