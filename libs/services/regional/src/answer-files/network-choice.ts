import type { Json, Task } from '@rackwright/domain-provisioning';
import type { Node, Subnet } from '@rackwright/domain-netboot';
import { cidrContains, netmaskOf, parseIpv4, type Ipv4 } from '@rackwright/kernel';

/** The network of the installed system. */
export type NetworkChoice =
  | { readonly method: 'dhcp' }
  | {
      readonly method: 'static';
      readonly ip: Ipv4;
      readonly netmask: Ipv4;
      readonly prefix: number;
      readonly gateway: Ipv4;
      readonly dns: readonly Ipv4[];
    };

/** Addresses as somebody gave them; the first source that has one wins. */
export interface AddressHints {
  readonly ip?: Ipv4;
  readonly netmask?: Ipv4;
  readonly gateway?: Ipv4;
  readonly dns?: readonly Ipv4[];
}

function textOf(config: Json | undefined, name: string): string | undefined {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
  const value = (config as Readonly<Record<string, Json>>)[name];
  return typeof value === 'string' ? value : undefined;
}

function addressOf(config: Json | undefined, name: string): Ipv4 | undefined {
  const value = textOf(config, name);
  return value === undefined ? undefined : parseIpv4(value);
}

function prefixOf(netmask: Ipv4): number {
  return netmask.split('.').reduce((bits, octet) => bits + Number(octet).toString(2).replaceAll('0', '').length, 0);
}

/**
 * Static when the request for the file says so, or when the task does (`network_config.method` "static") and address,
 * netmask and gateway are known from it, its node or its subnet; DHCP otherwise.
 */
export function networkChoiceOf(
  task: Pick<Task, 'ip' | 'network_config'>,
  around: { readonly asked: AddressHints; readonly node: Node | undefined; readonly subnets: readonly Subnet[] },
): NetworkChoice {
  const { asked, node, subnets } = around;
  const isStatic = asked.ip !== undefined || textOf(task.network_config, 'method') === 'static';
  const sources: readonly Hints[] = [asked, hintsOf(task.network_config), { ip: task.ip }];
  const ip = firstOf([...sources, node ?? {}], 'ip');
  if (!isStatic || ip === undefined) return { method: 'dhcp' };
  const subnet = subnets.find(({ cidr }) => cidrContains(cidr, ip));
  const all = [...sources, subnet === undefined ? {} : hintsOfSubnet(subnet), node ?? {}];
  const netmask = firstOf(all, 'netmask');
  const gateway = firstOf(all, 'gateway');
  if (netmask === undefined || gateway === undefined) return { method: 'dhcp' };
  return { method: 'static', ip, netmask, prefix: prefixOf(netmask), gateway, dns: firstOf(all, 'dns') ?? [] };
}

type Hints = { readonly [K in keyof AddressHints]?: AddressHints[K] | undefined };

function firstOf<K extends keyof AddressHints>(sources: readonly Hints[], name: K): Hints[K] {
  return sources.find((source) => source[name] !== undefined)?.[name];
}

function hintsOf(config: Json | undefined): Hints {
  const dns = addressOf(config, 'dns');
  return {
    ip: addressOf(config, 'ip'),
    netmask: addressOf(config, 'netmask'),
    gateway: addressOf(config, 'gateway'),
    dns: dns === undefined ? undefined : [dns],
  };
}

function hintsOfSubnet({ cidr, gateway, dns }: Subnet): Hints {
  return { netmask: netmaskOf(cidr), gateway, dns };
}
