import { describe, expect, it } from '@jest/globals';
import { matchPath } from './match-path.js';

describe('matchPath', () => {
  it('gives the values of the names', () => {
    expect(matchPath('/decisions/:id/receipt', '/decisions/dec_1/receipt')).toEqual({ id: 'dec_1' });
  });

  it('fits whole paths only', () => {
    expect(matchPath('/runs', '/runs/run_1')).toBeUndefined();
    expect(matchPath('/runs/:id', '/runs')).toBeUndefined();
    expect(matchPath('/runs/:id', '/runs/')).toBeUndefined();
    expect(matchPath('/runs', '/decisions')).toBeUndefined();
  });

  it('does not mind a slash at the end', () => {
    expect(matchPath('/runs', '/runs/')).toEqual({});
    expect(matchPath('/', '/')).toEqual({});
  });
});
