import { Etcd3 } from 'etcd3';

/** etcd without the product. */
export class RawEtcd implements Disposable {
  readonly client: Etcd3;

  constructor(endpoint: string) {
    this.client = new Etcd3({ hosts: endpoint });
  }

  /** The value of a key, parsed; throws when there is none. */
  async json<T>(key: string): Promise<T> {
    const text = await this.client.get(key).string();
    if (text === null) throw new Error(`no value at ${key}`);
    return JSON.parse(text) as T;
  }

  async count(prefix: string): Promise<number> {
    const key = Buffer.from(prefix);
    const { count } = await this.client.kv.range({ key, range_end: endOf(prefix), count_only: true });
    return Number(count);
  }

  /** Everything that the transaction which wrote `key` last has put below `prefix`, as it was then. */
  async transactionOf(key: string, prefix: string): Promise<readonly RawPut[]> {
    const found = await this.client.kv.range({ key: Buffer.from(key) });
    const revision = found.kvs[0]?.mod_revision;
    if (revision === undefined) throw new Error(`no value at ${key}`);
    const then = { key: Buffer.from(prefix), range_end: endOf(prefix), revision };
    const { kvs } = await this.client.kv.range({ ...then, min_mod_revision: revision, max_mod_revision: revision });
    return kvs.map((pair) => ({ key: pair.key.toString(), value: pair.value }));
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

export interface RawPut {
  readonly key: string;
  readonly value: Buffer;
}

/** The first key after all that start with `prefix`, which ends in an ASCII character. */
function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
