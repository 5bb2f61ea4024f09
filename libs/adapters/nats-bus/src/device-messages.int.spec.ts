import { connectAsync } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '@rackwright/kernel';
import type { DeviceMessage } from '@rackwright/contracts';
import { launchNats, launchProcess, RealClock, SeededRandom, waitFor, type NatsServer } from '@rackwright/testing';
import { NatsBus } from './nats-bus.js';

function connectBus(server: NatsServer): Promise<NatsBus> {
  return NatsBus.connect({
    servers: [server.url],
    name: 'mqtt-spec',
    logger: silentLogger,
    clock: new RealClock(),
    random: new SeededRandom(3),
    timeoutMs: 20_000,
  });
}

const textOf = ({ payload }: DeviceMessage): string => Buffer.from(payload).toString();

describe('device messages over MQTT', () => {
  it('reach an MQTT client and come from one, at QoS 0 and 1', async () => {
    await using server = await launchNats();
    await using bus = await connectBus(server);
    const heard: DeviceMessage[] = [];
    bus.onDeviceMessage('node/+/status', (message) => void heard.push(message));
    await bus.ping();
    const device = await connectAsync(server.mqttUrl, { clientId: 'device-aabb' });
    try {
      const commands: string[] = [];
      device.on('message', (topic, payload) => void commands.push(`${topic} ${payload.toString()}`));
      await device.subscribeAsync('node/aabb/command', { qos: 1 });
      await bus.publishToDevice({ topic: 'node/aabb/command', payload: Buffer.from('{"command":"reboot"}') });
      await bus.publishToDevice({ topic: 'node/ccdd/command', payload: Buffer.from('for another') });
      await waitFor(() => commands.length > 0, { what: 'the command at the device' });
      expect(commands).toEqual(['node/aabb/command {"command":"reboot"}']);
      await device.publishAsync('node/aabb/status', 'first', { qos: 0 });
      await device.publishAsync('node/aabb/status', 'second', { qos: 1 });
      await waitFor(() => heard.length === 2, { what: 'both statuses' });
      expect(heard.map(({ topic }) => topic)).toEqual(['node/aabb/status', 'node/aabb/status']);
      expect(heard.map(textOf).toSorted()).toEqual(['first', 'second']);
    } finally {
      await device.endAsync(true);
    }
  });

  it('come from mosquitto_pub, and a bus beside it hears the command it sends', async () => {
    await using server = await launchNats();
    await using bus = await connectBus(server);
    const heard: DeviceMessage[] = [];
    bus.onDeviceMessage('node/aabbccddeeff/command', (message) => void heard.push(message));
    await bus.ping();
    const message = '{"command":"reboot"}';
    await using sender = await launchProcess({
      command: 'mosquitto_pub',
      args: ['-h', '127.0.0.1', '-p', `${server.mqttPort}`, '-t', 'node/aabbccddeeff/command', '-m', message],
      installHint: 'apt-get install mosquitto-clients',
    });
    expect(await sender.exited).toEqual({ exitCode: 0, signal: null });
    await waitFor(() => heard.length === 1, { what: 'the command' });
    expect(heard.map(textOf)).toEqual([message]);
  });
});
