import { prepareSimulatedAssets } from '@rackwright/testing';

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: prepare-assets DIRECTORY');
await prepareSimulatedAssets(dir);
