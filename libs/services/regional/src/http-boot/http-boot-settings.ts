import { setting, text } from '@rackwright/platform';

/** Settings of the boot files; spread into the settings of the regional service. */
export const httpBootSettings = {
  assetDir: setting({
    key: 'asset.dir',
    type: text('a directory'),
    default: '/var/lib/rackwright/assets',
    description: 'Boot binaries, with the folders static (kernels, initial RAM disks) and repos (mirrors) in it.',
  }),
};
