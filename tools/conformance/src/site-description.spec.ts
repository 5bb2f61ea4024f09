import { expect, it } from 'vitest';
import { parseSite } from './site-description.js';

const least = `
relay: {address: 10.99.0.2}
subnet: 10.99.0.0/24
pool: {start: 10.99.0.100, end: 10.99.0.199}
`;

it('reads the least there may be', () => {
  expect(parseSite(least, '10.99.0.1')).toEqual({
    server: '10.99.0.1',
    relay: { address: '10.99.0.2', port: 67 },
    subnet: '10.99.0.0/24',
    pool: { start: '10.99.0.100', end: '10.99.0.199' },
    foreign: '203.0.113.7',
    ...{ direct: false, boots: false, boots_http: false, routes: false, search: false },
    wait_ms: 1_000,
  });
});

it.each([
  ['', 'description must be given'],
  ['boot: true', 'boot is no field of description'],
  ['boots: yes', 'boots must be true or false'],
  ['reservation: {mac: 02:00:00:00:00:01, address: 10.99.0.10}', 'address is no field of reservation: mac, ip'],
  ['reservation: {mac: 02:00:00:00:00:01}', 'reservation.ip is missing'],
  ['long_boot_file: {mac: 02:00:00:00:00:01}', 'long_boot_file.file must be a file name'],
  ['second: 10.98.0.1', 'second must be given'],
  ['wait_ms: 0', 'wait_ms must be a whole number above 0'],
])('says what is wrong with %s', (line, mistake) => {
  expect(() => parseSite(line === '' ? '' : least + line, '10.99.0.1')).toThrow(mistake);
});
