import { integer, setting, text } from '@rackwright/platform';

/** Settings of the boot files; spread into the settings of the regional service. */
export const httpBootSettings = {
  assetDir: setting({
    key: 'asset.dir',
    type: text('a directory'),
    default: '/var/lib/rackwright/assets',
    description:
      'Boot binaries, with the folders static (kernels, initial RAM disks), repos (mirrors) and iso in it. ' +
      'Files that its manifest.json lists are given out only with the digest it says.',
  }),
  ipxeScriptPatch: setting({
    key: 'ipxe.script_patch',
    type: text('iPXE commands separated by ;'),
    default: '',
    aliases: ['SMEE_IPXE_SCRIPT_PATCH'],
    description:
      'Commands to put into iPXE binaries with a marker in their embedded script, 131 characters at most; {mac} and ' +
      '{script} stand for the machine and the URL of its script.',
  }),
  httpMaxTransfers: setting({
    key: 'http.max_transfers',
    type: integer(1, 100_000),
    default: 2_000,
    description: 'Files sent over HTTP at one time; past it machines are told to try later.',
  }),
};
