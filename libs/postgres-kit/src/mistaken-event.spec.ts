import { describe, expect, it } from '@jest/globals';
import { LANES, eventContracts, events, laneOf, newId, type EventContract } from '@conclave/contracts';
import { refuseMistaken } from './mistaken-event.js';

const tenantId = newId('tenant');
const eventOf = (data: object, lane = laneOf(tenantId)) => ({
  ...{ id: newId('event'), type: 'x', tenantId, actor: 'x', at: '2026-01-01T00:00:00Z' },
  ...{ data: { ...data }, position: { lane, epoch: 1, pos: 1 } },
});
const naming = eventContracts.filter(({ data }) => 'tenant' in (data as { shape?: object }).shape!);

describe('an event', () => {
  it.each([
    ['names nobody', {}],
    ['names its tenant', { tenant: tenantId }],
  ])('is whose it says when it %s', (_what, data) => {
    expect(() => refuseMistaken(eventOf(data), events.tenantSuspended)).not.toThrow();
  });

  it('is nobody’s in a lane where its tenant’s do not stand', () => {
    const displaced = eventOf({}, (laneOf(tenantId) + 1) % LANES);
    expect(() => refuseMistaken(displaced, events.runCreated)).toThrow(/do not stand in lane/);
  });

  it.each(naming.map((event): [string, EventContract] => [event.type, event]))(
    '%s names another tenant only as the operators’',
    (_type, event) => {
      const refused = expect(() => refuseMistaken(eventOf({ tenant: newId('tenant') }), event));
      if (event.ofOperators) refused.not.toThrow();
      else refused.toThrow(/names another tenant/);
    },
  );

  it('is the operators’ in these cases alone', () => {
    const owners = ['runtime', 'consensus', 'audit', 'metrics', 'marketplace', 'delivery'];
    expect(eventContracts.flatMap(({ type, ofOperators }) => (ofOperators ? [type] : [])).sort()).toEqual(
      [
        ...['tenant.operated', 'tenant.erasing', 'tenant.erased'],
        ...owners.map((service) => `tenant.erased-by-${service}`),
      ].sort(),
    );
  });
});
