import { describe, expect, it } from '@jest/globals';
import { isBelow } from './program-seats.js';

describe('dependency paths', () => {
  it.each([
    ['/opt/deps', ['/opt/deps'], true],
    ['/opt/deps/node', ['/opt/deps'], true],
    ['/opt/deps/node', ['/srv', '/opt/deps/'], true],
    ['/opt/depsecret', ['/opt/deps'], false],
    ['/opt/deps/../../etc', ['/opt/deps'], false],
    ['/opt', ['/opt/deps'], false],
    ['/etc', [], false],
  ])('%s below %j: %s', (path, roots, expected) => {
    expect(isBelow(path, roots)).toBe(expected);
  });
});
