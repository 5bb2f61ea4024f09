import type { ICompare, IRequestOp } from 'etcd3';
import { keyspace, OUTBOX_PREFIX, ROOT_PREFIX } from '@rackwright/contracts';
import type { JsonClient } from '../lab/json-client.js';
import { createTaskBody } from '../lab/machine-names.js';
import type { RawEtcd, RawPut } from '../lab/raw-etcd.js';

/**
 * The transaction behind the creation of a task, made again without the product: the same number of conditions and
 * writes, the same values, keys a few octets longer. Its keys are new every time and outside what is watched.
 */
export class RawTransaction {
  readonly #etcd: RawEtcd;
  readonly #puts: readonly RawPut[];

  private constructor(etcd: RawEtcd, puts: readonly RawPut[]) {
    this.#etcd = etcd;
    this.#puts = puts;
  }

  /** Creates one task through the API and copies the transaction that did it. */
  static async copiedFrom(
    api: JsonClient,
    etcd: RawEtcd,
    at: { idc: string; number: number },
  ): Promise<RawTransaction> {
    const body = createTaskBody(at.idc, at.number);
    await api.must({ method: 'POST', path: '/api/v1/tasks', body });
    const key = keyspace.task.key({ idc: at.idc, sn: body['sn'] ?? '' });
    return new RawTransaction(etcd, await etcd.transactionOf(key, ROOT_PREFIX));
  }

  get writes(): number {
    return this.#puts.length;
  }

  /** Events are written without a condition; everything else must not have changed. */
  get conditions(): number {
    return this.#puts.filter(isConditional).length;
  }

  get bytes(): number {
    return this.#puts.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  }

  async run(number: number): Promise<void> {
    const branch = `/raw/${number.toString(36)}/`;
    const compare: ICompare[] = [];
    const success: IRequestOp[] = [];
    for (const put of this.#puts) {
      const key = Buffer.from(put.key.replace(ROOT_PREFIX, branch));
      if (isConditional(put)) compare.push({ key, target: 'Create', result: 'Equal', create_revision: '0' });
      success.push({ request_put: { key, value: put.value } });
    }
    const { succeeded } = await this.#etcd.client.kv.txn({ compare, success });
    if (!succeeded) throw new Error('a raw transaction met a key that was there already');
  }
}

function isConditional({ key }: RawPut): boolean {
  return !key.startsWith(OUTBOX_PREFIX);
}
