import type { Decision } from '@conclave/contracts';
import { Stack, Text } from '@mantine/core';
import { Digest } from '../design/copy.js';
import { Ago } from '../design/moment.js';
import { Facts, Panel } from '../design/panel.js';
import { Tag } from '../design/tag.js';
import { duration } from '../design/time.js';
import { phaseLooks, voteLook } from '../design/tones.js';
import { Visible, VisibleProse } from '../design/visible.js';
import { ruleText, shortened } from './decision-words.js';
import classes from './decision-aside.module.css';

/** What was decided on, by what rule, under which policy, on which evidence. */
export function DecisionAside({ decision }: { readonly decision: Decision }) {
  const { subject } = decision;
  return (
    <Stack gap="md">
      <Terms decision={decision} />
      {decision.evidence.length > 0 && <Gates evidence={decision.evidence} />}
      {subject && (
        <Panel title="Change">
          <Facts
            facts={[
              ['Repository', <Visible key="repository" text={subject.repository} />],
              ['Head', <Digest key="head" value={subject.head} what="head commit" />],
              ['Base', <Digest key="base" value={subject.base} what="base commit" />],
              ['Tree', <Digest key="tree" value={subject.tree} what="tree hash" />],
              ['Diff', <Digest key="diff" value={subject.diffSha256} what="digest of the diff" />],
            ]}
          />
        </Panel>
      )}
    </Stack>
  );
}

function Terms({ decision: { phase, rule, secrecy, policy, openedAt, sealedAt } }: { readonly decision: Decision }) {
  return (
    <Panel title="Decision">
      <Facts
        facts={[
          ['State', <Tag key="phase" look={phaseLooks[phase]} live={sealedAt === undefined} />],
          ['Rule', ruleText(rule)],
          ['Ballots', secrecy === 'sealed' ? 'Committed before any was revealed' : 'Open'],
          ...(policy
            ? ([
                ['Panel', policy.panel],
                ['Panel digest', <Digest key="panel" value={policy.panelSha256} what="digest of the panel" />],
                ['Read from', shortened(policy.source)],
              ] as const)
            : []),
          ['Opened', <Ago key="opened" at={openedAt} />],
          ...(sealedAt === undefined
            ? []
            : ([['Took', duration(Date.parse(sealedAt) - Date.parse(openedAt))]] as const)),
        ]}
      />
    </Panel>
  );
}

function Gates({ evidence }: { readonly evidence: Decision['evidence'] }) {
  return (
    <Panel title="Gates" note="Hard evidence: a red gate ends it, whatever the votes.">
      <ul className={classes['gates']}>
        {evidence.map(({ gate, status, reason, sha256 }) => (
          <li key={gate}>
            <span className={classes['gate']}>
              <b>{gate}</b>
              <Tag look={voteLook(status)} />
            </span>
            <Text size="sm" className={classes['reason'] ?? ''}>
              <VisibleProse text={reason} />
            </Text>
            <Text component="div" size="xs" c="dimmed">
              Report <Digest value={sha256} what={`digest of the report of ${gate}`} />
            </Text>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
