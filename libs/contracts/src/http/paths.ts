import type { Idc, Mac, Sn } from '@rackwright/kernel';
import { IdcField, MacField, SnField, TextField } from '../fields/index.js';
import { PROFILE_NAME_PATTERN } from './profiles.js';

/** `…/:idc`. */
export class IdcPath {
  @IdcField() readonly idc!: Idc;
}

/** `…/:idc/:sn`. */
export class MachinePath extends IdcPath {
  @SnField() readonly sn!: Sn;
}

/** `…/:idc/:mac`. */
export class MacPath extends IdcPath {
  @MacField() readonly mac!: Mac;
}

/** `/api/v1/nodes/:mac`. */
export class NodePath {
  @MacField() readonly mac!: Mac;
}

/** `/api/v1/nodes/:mac/commands/:id`. */
export class NodeCommandPath extends NodePath {
  @TextField({
    description: 'Command id',
    maxLength: 64,
    pattern: /^cmd-[0-9a-f]{16}$/,
    shape: '"cmd-" and 16 hex digits',
    example: 'cmd-0123456789abcdef',
  })
  readonly id!: string;
}

/** `/api/v1/subnets/:idc/:name`. */
export class SubnetPath extends IdcPath {
  @TextField({
    description: 'Subnet name',
    maxLength: 64,
    pattern: /^[a-z0-9][a-z0-9._-]*$/,
    shape: 'of a-z, 0-9 and "._-"',
    example: 'rack-1',
  })
  readonly name!: string;
}

/** `/api/v1/profiles/:name`. */
export class ProfilePath {
  @TextField({
    description: 'Profile name',
    maxLength: 64,
    pattern: PROFILE_NAME_PATTERN,
    shape: 'of a-z, 0-9 and "._-"',
    example: 'debian-12',
  })
  readonly name!: string;
}
