import { laneOf, type EventContract } from '@conclave/contracts';
import type { PlacedEvent } from './relay.js';

/** An event says otherwise in one place than in another whose it is. Nobody can tell which is true, so it is not applied. */
export class MistakenEvent extends Error {
  override readonly name = 'MistakenEvent';
}

/** Its data are not those of its type. They will not be another time either. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}

/** @throws UnreadableEvent */
export function dataOf({ data }: PlacedEvent, { data: schema }: EventContract): PlacedEvent['data'] {
  const read = schema.safeParse(data);
  if (!read.success) throw new UnreadableEvent(read.error.message);
  return read.data as PlacedEvent['data'];
}

/**
 * An event is its envelope's tenant's, and under that tenant it is applied; that tenant has to be the one in whose lane it
 * stands and the one that it names.
 *
 * @throws MistakenEvent
 */
export function refuseMistaken({ tenantId, position, data }: PlacedEvent, { ofOperators }: EventContract): void {
  if (laneOf(tenantId) !== position.lane)
    throw new MistakenEvent(`events of ${tenantId} do not stand in lane ${position.lane}`);
  const named = data['tenant'];
  if (!ofOperators && named !== undefined && named !== tenantId)
    throw new MistakenEvent(`it is an event of ${tenantId} and names another tenant`);
}
