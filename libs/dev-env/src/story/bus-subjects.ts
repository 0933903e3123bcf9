/** What a service may not say or hear on the bus of a running installation, over every subject there is. */
import { natsPermissions, serviceNames, type ServiceName } from '@conclave/contracts';
import type { Kit } from '@conclave/nest-kit';

const spoken = (subject: string): string => subject.replace('>', 'token');
const both = serviceNames.map(natsPermissions).flatMap(({ publish, subscribe }) => [...publish, ...subscribe]);
/** Every subject that anybody says or hears, and everything at once. */
export const subjects: readonly string[] = [...new Set(both), 'events.>', '_INBOX.>', '>'];

const REFUSED = /permissions violation for (publish|subscription) to "([^"]+)"/i;

/** Of what the service may not, what the bus did not refuse. */
export async function allowedTooMuch(service: ServiceName, { nats }: Kit): Promise<readonly string[]> {
  const refused = new Set<string>();
  const permitted = natsPermissions(service);
  const wanted = (verb: 'publish' | 'subscribe') => subjects.filter((subject) => !permitted[verb].includes(subject));
  const attempts = [
    ...wanted('publish')
      .filter((subject) => !/[*>]$/.test(subject) || subject.startsWith('_INBOX.'))
      .map((subject) => `publish ${spoken(subject)}`),
    ...wanted('subscribe').map((subject) => `subscription ${subject}`),
  ];
  const listening = nats.status()[Symbol.asyncIterator]();
  void (async () => {
    for (let next = await listening.next(); next.done !== true; next = await listening.next()) {
      if (next.value.type !== 'error') continue;
      const [, verb = '', subject = ''] = REFUSED.exec(next.value.error.message) ?? [];
      refused.add(`${verb.toLowerCase()} ${subject}`);
    }
  })();
  for (const attempt of attempts) {
    const [verb, subject = ''] = attempt.split(' ');
    if (verb === 'publish') nats.publish(subject, '{}');
    else nats.subscribe(subject, { callback: () => undefined });
  }
  for (const until = Date.now() + 5_000; refused.size < attempts.length && Date.now() < until;) {
    await nats.flush();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return attempts.filter((attempt) => !refused.has(attempt));
}
