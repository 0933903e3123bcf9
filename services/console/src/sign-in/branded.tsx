import type { ReplyOf, tenants } from '@conclave/contracts';
import { Group, Text } from '@mantine/core';
import { Visible } from '../design/visible.js';

export type Branding = ReplyOf<typeof tenants.getOwnTenant>['branding'];

/** The tenant as its owners show it to whoever signs in. */
export function Branded({ displayName, accent, logo }: Branding) {
  return (
    <Group gap="sm" role="group" aria-label="Your organisation">
      {logo !== undefined && (
        <img src={`data:image/png;base64,${logo}`} alt="" style={{ maxHeight: 40, maxWidth: 160 }} />
      )}
      {displayName !== undefined && (
        <Text
          fw={600}
          {...(accent === undefined ? {} : { style: { borderInlineStart: `4px solid ${accent}` }, ps: 'xs' })}
        >
          <Visible text={displayName} />
        </Text>
      )}
    </Group>
  );
}
