import type { Idc, Ipv4, Mac } from '@rackwright/kernel';
import { EnumField, IdcField, IntegerField, Ipv4Field, MacField, TextField, TextListField } from '../fields/index.js';
import { parseIpv4 } from '@rackwright/kernel';
import { PageQuery } from './paging.js';
import { HOSTNAME_PATTERN } from './tasks.js';

/** `POST /api/v1/nodes`. */
export class CreateNode {
  @MacField() readonly mac!: Mac;
  @Ipv4Field({ optional: true }) readonly ip?: Ipv4;
  @IdcField({ optional: true, description: 'Data centre; may be left out where only one is online' })
  readonly idc?: Idc;
}

export const nodeActions = ['install', 'reinstall', 'local-boot', 'rescue'] as const;

/** `PUT /api/v1/nodes/:mac`. */
export class ActOnNode {
  @EnumField({ description: 'What the machine does at its next boot', values: nodeActions })
  readonly action!: (typeof nodeActions)[number];
  @TextField({
    description: 'Profile name or alias',
    optional: true,
    maxLength: 64,
    pattern: /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/,
    shape: 'a profile name',
  })
  readonly profile?: string;
}

/** `PATCH /api/v1/nodes/:mac`. */
export class PatchNode {
  @Ipv4Field({ optional: true }) readonly ip?: Ipv4;
  @Ipv4Field({ optional: true, description: 'Netmask, dotted', example: '255.255.255.0' }) readonly netmask?: Ipv4;
  @Ipv4Field({ optional: true, description: 'Gateway' }) readonly gateway?: Ipv4;
  @TextListField({
    description: 'Name servers',
    optional: true,
    maxItems: 8,
    maxLength: 15,
    parse: parseIpv4,
    shape: 'an IPv4 address',
  })
  readonly dns?: readonly Ipv4[];
  @TextField({
    description: 'Host name',
    optional: true,
    maxLength: 253,
    pattern: HOSTNAME_PATTERN,
    shape: 'a host name (RFC 1123)',
  })
  readonly hostname?: string;
}

/** `POST /api/v1/nodes/:mac/commands`. */
export class CommandNode {
  @TextField({
    description: 'Command name',
    maxLength: 64,
    pattern: /^[a-z][a-z0-9_.-]*$/,
    shape: 'a command name of a-z, 0-9 and "_.-"',
    example: 'reboot',
  })
  readonly command!: string;
  @TextListField({
    description: 'Arguments',
    optional: true,
    maxItems: 64,
    maxLength: 1_024,
    shape: 'printable text',
  })
  readonly args?: readonly string[];
  @IntegerField({ description: 'Seconds until the command counts as lost', optional: true, min: 1, max: 3_600 })
  readonly timeout_s?: number;
}

/** `GET /api/v1/nodes`. */
export class ListNodes extends PageQuery {
  @IdcField({ optional: true }) readonly idc?: Idc;
  @TextField({ description: 'Only nodes in this state', optional: true, maxLength: 32 }) readonly status?: string;
}
