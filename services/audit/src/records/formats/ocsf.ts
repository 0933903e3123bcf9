/** OCSF 1.5, class API Activity (6003): what an actor did, with the place in the log under `unmapped`. */
import { detailOf, jsonLine, type Line } from './line.js';

const API_ACTIVITY = 6003;
const OTHER = 99;
/** `activity_id` by the last word of an entry's type. */
const ACTIVITIES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(['created', 'added', 'opened', 'enrolled', 'installed', 'placed'].map((verb) => [verb, 1])),
  ...{ rebuilt: 2, checkpoint: 2, leased: 2 },
  ...Object.fromEntries(['changed', 'closed', 'sealed', 'completed', 'rewrapped'].map((verb) => [verb, 3])),
  ...Object.fromEntries(
    ['deleted', 'revoked', 'disabled', 'uninstalled', 'released', 'erased', 'destroyed', 'canceled'].map((verb) => [
      verb,
      4,
    ]),
  ),
};
const NAMES: Readonly<Record<number, string>> = { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' };

export function ocsfLine(line: Line): string {
  const { type, actor, id, at, origin, tenantId, place } = line;
  const verb = /[a-z]+$/.exec(type)?.[0] ?? '';
  const activity = Object.hasOwn(ACTIVITIES, verb) ? ACTIVITIES[verb]! : OTHER;
  return jsonLine({
    activity_id: activity,
    activity_name: NAMES[activity] ?? verb,
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: API_ACTIVITY,
    class_name: 'API Activity',
    type_uid: API_ACTIVITY * 100 + activity,
    severity_id: 1,
    time: at.getTime(),
    actor: actor.startsWith('service:') ? { app_name: actor } : { user: { uid: actor } },
    api: { operation: type },
    src_endpoint: { svc_name: 'conclave' },
    metadata: {
      version: '1.5.0',
      product: { name: 'Conclave', vendor_name: 'Conclave' },
      uid: id,
      event_code: type,
      log_name: origin,
      tenant_uid: tenantId,
      ...('index' in place ? { sequence: place.index } : {}),
    },
    unmapped: { ...place, ...detailOf(line) },
  });
}
