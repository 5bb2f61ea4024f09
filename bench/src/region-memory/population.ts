import {
  encodeRecord,
  keyspace,
  type LeaseRecord,
  type MachineMetaRecord,
  type NodeRecord,
  type ServerRecord,
} from '@rackwright/contracts';
import type { Task } from '@rackwright/domain-provisioning';
import {
  formatInstant,
  ipv4FromNumber,
  ipv4ToNumber,
  parseIdc,
  parseIpv4,
  type EpochMs,
  type Ipv4,
} from '@rackwright/kernel';
import { taskInState } from './tasks-in-states.js';

export interface StoredText {
  readonly key: string;
  readonly value: string;
}

const STARTED_AT = Date.UTC(2026, 10, 1) as EpochMs;
/** Leases that end during the measurement would add work that is not about size. */
const LEASES_END_AT = Date.UTC(2100, 0, 1) as EpochMs;
const GATEWAY = address('10.64.0.1');
const FIRST_ADDRESS = ipv4ToNumber(address('10.64.16.0'));

/** Every key of the machine with this number: as if it had booted, reported and been given a task. */
export function machineRecords(idcName: string, number: number): readonly StoredText[] {
  const idc = parseIdc(idcName);
  if (idc === undefined) throw new RangeError(`${idcName} is not the name of a data centre`);
  const task = taskInState(idc, number, STARTED_AT);
  const ip = ipv4FromNumber(FIRST_ADDRESS + number);
  return [
    text(keyspace.task.key(task), task),
    text(keyspace.server.key(task), serverOf(task)),
    text(keyspace.macOwner.key(task), { sn: task.sn }),
    text(keyspace.node.key(task), nodeOf(task, ip)),
    text(keyspace.lease.key({ idc, ip }), leaseOf(task, ip)),
    text(keyspace.meta.key(task), metaOf(task)),
  ];
}

function text(key: string, record: object): StoredText {
  return { key, value: encodeRecord(record) };
}

function address(spelling: string): Ipv4 {
  const parsed = parseIpv4(spelling);
  if (parsed === undefined) throw new RangeError(`${spelling} is not an address`);
  return parsed;
}

function serverOf({ sn, mac, created_at: at, tags }: Task): ServerRecord {
  return { sn, mac, status: 'registered', added_at: at, labels: { ...tags } };
}

function nodeOf({ idc, sn, mac, status, hostname, created_at, updated_at }: Task, ip: Ipv4): NodeRecord {
  return {
    ...{ mac, idc, sn, ip, gateway: GATEWAY, dns: [GATEWAY], netmask: address('255.255.0.0') },
    status: status === 'completed' ? 'installed' : status === 'installing' ? 'installing' : 'discovered',
    ...(hostname === undefined ? {} : { hostname }),
    created_at,
    updated_at,
  };
}

function leaseOf({ mac, hostname, created_at: at }: Task, ip: Ipv4): LeaseRecord {
  const expiresAt = formatInstant(LEASES_END_AT);
  const client = { mac, client_id: `01${mac}`, ...(hostname === undefined ? {} : { hostname }) };
  return { ip, ...client, subnet: 'machines', state: 'active', granted_at: at, expires_at: expiresAt, version: 3 };
}

/** A server with two sockets, sixteen memory modules, six disks and four interfaces. */
function metaOf({ sn, mac, created_at: at }: Task): MachineMetaRecord {
  const dimms = numbers(16).map((slot) => ({ slot: `DIMM_${slot}`, size_gb: 32, part: 'M321R4GA3BB6-CQKET' }));
  const model = 'SAMSUNG MZQL23T8HCLS-00A07';
  const disks = numbers(6).map((slot) => ({
    ...{ device: `/dev/nvme${slot}n1`, size_gb: 3_840, type: 'NVMe', model, serial: `${sn}-D${slot}` },
    wwn: `eui.36434630${mac}${slot.padStart(4, '0')}`,
  }));
  const network = numbers(4).map((slot) => ({
    ...{ interface: `eth${slot}`, speed: '25000', driver: 'mlx5_core', link: true },
    mac: interfaceMac(mac, slot),
  }));
  const hardware = {
    cpu: { model: 'Intel(R) Xeon(R) Gold 6430', sockets: 2, cores: 64, threads: 128 },
    memory: { total_gb: 512, dimms },
    ...{ disks, network, mac_address: mac },
    bios: { vendor: 'American Megatrends International, LLC.', version: '3.4a', serial: sn },
  };
  return { sn, mac, hardware, reported_at: at };
}

function interfaceMac(first: Task['mac'], slot: string): Task['mac'] {
  return `${first.slice(0, 2)}${slot.padStart(2, '0')}${first.slice(4)}` as Task['mac'];
}

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}
