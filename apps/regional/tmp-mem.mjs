import { machineRecords } from '/work/main/bench/dist/region-memory/population.js';
import { EtcdStore } from '@rackwright/adapter-etcd-store';
import { systemClock, systemRandom } from '@rackwright/platform';
import { silentLogger } from '@rackwright/kernel';
const store = new EtcdStore({ endpoints: ['http://127.0.0.1:24790'], clock: systemClock, random: systemRandom, logger: silentLogger });
for (let f=0; f<10000; f+=20) await store.transact([], Array.from({length:20},(_, i)=>machineRecords('dc1', f+i)).flat().map(({key,value})=>({kind:'put',key,value})));
await store[Symbol.asyncDispose]();
