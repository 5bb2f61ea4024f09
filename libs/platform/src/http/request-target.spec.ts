import { expect, it } from 'vitest';
import { originForm } from './request-target.js';

it.each([
  ['/a?b', '/a?b'],
  ['http://h/a?b', '/a?b'],
  ['HTTP://h:8081/a', '/a'],
  ['http://[2001:db8::1]:8081/a', '/a'],
  ['https://h', '/'],
  ['http://h?x=1', '/?x=1'],
  ['/http://h/a', '/http://h/a'],
  ['*', '*'],
])('H7: the origin form of %s is %s', (target, path) => {
  expect(originForm(target)).toBe(path);
});
