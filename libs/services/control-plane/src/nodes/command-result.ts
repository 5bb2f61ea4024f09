import { parseMac, type Mac } from '@rackwright/kernel';
import type { Json } from '@rackwright/domain-provisioning';
import { parsePayload, EnumField, BooleanField, JsonField, TextField, type DeviceMessage } from '@rackwright/contracts';

/** What a host agent publishes to `node/{mac}/result`: first that it got the command, then how it ended. */
class CommandResultMessage {
  @TextField({ description: 'Command id', maxLength: 64 }) readonly id!: string;
  @EnumField({ description: 'State', optional: true, values: ['acked', 'succeeded', 'failed'] })
  readonly status?: 'acked' | 'succeeded' | 'failed';
  @BooleanField({ description: 'How it ended, where no status is given', optional: true }) readonly success?: boolean;
  @JsonField({ description: 'Output', optional: true, maxBytes: 65_536, allowText: true, allowList: true })
  readonly result?: Json;
}

/** A result of a command. */
export interface CommandResult {
  readonly mac: Mac;
  readonly id: string;
  readonly status: 'acked' | 'succeeded' | 'failed';
  readonly result?: Json;
}

/** Reads a message of `node/{mac}/result`; `undefined` when it is none. */
export function parseCommandResult({ topic, payload }: DeviceMessage): CommandResult | undefined {
  const mac = parseMac(topic.split('/')[1] ?? '');
  const parsed = parsePayload(CommandResultMessage, payload, 'drop');
  if (mac === undefined || !parsed.ok) return undefined;
  const { id, status, success, result } = parsed.value;
  const ended = success === undefined ? undefined : success ? 'succeeded' : 'failed';
  const reported = status ?? ended;
  if (reported === undefined) return undefined;
  return { mac, id, status: reported, ...(result === undefined ? {} : { result }) };
}
