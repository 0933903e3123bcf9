import { consensus, type Decision } from '@conclave/contracts';
import { Button, FileButton, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, useWork } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { Panel } from '../design/panel.js';
import { Refused } from '../design/refusal.js';
import { saveFile } from '../design/save-file.js';
import { Visible } from '../design/visible.js';
import { Explained } from '../api/refusal-text.js';
import { useMay, useMe } from '../sign-in/use-me.js';
import { forgetBallot, keepBallot, readKept, useKept } from './kept-ballots.js';
import { reveal, vote, type Said, type Seat } from './sign-ballot.js';
import { VoteForm } from './vote-form.js';

const voting: readonly Decision['phase'][] = ['commit', 'reveal', 'ballots'];

/** The seats of the signed-in person in a decision that still takes ballots, each with what is theirs to do. */
export function VotingPanel({ decision }: { readonly decision: Decision }) {
  const may = useMay();
  const enrolledBy = useMe().data?.principal.id ?? '';
  const open = voting.includes(decision.phase) && may('ballot:cast');
  const keys = useQuery({ ...ask(consensus.listVoterKeys, { enrolledBy, limit: 100 }), enabled: open });
  if (!open) return null;
  return keys.data?.items.map((key) => {
    const ballot = decision.ballots.find(({ voterId }) => voterId === key.voterId);
    if (ballot?.custody !== 'passkey') return null;
    const seat = { decision, key };
    if (ballot.status === 'pending' && decision.phase !== 'reveal')
      return <Vote key={key.voterId} seat={seat} name={ballot.name} />;
    return ballot.status === 'committed' ? <Committed key={key.voterId} seat={seat} name={ballot.name} /> : null;
  });
}

interface SeatProps {
  readonly seat: Seat;
  /** Under which the decision knows the person. */
  readonly name: string;
}

function Vote({ seat, name }: SeatProps) {
  const work = useWork(({ said, reason }: { said: Said; reason: string }) => vote(seat, said, reason), touched);
  return (
    <Panel title="Your ballot" note={<As name={name} />}>
      <Stack gap="md">
        <VoteForm
          decision={seat.decision}
          isPending={work.isPending}
          onVote={(said, reason) => work.mutate({ said, reason })}
        />
        <Refused error={work.error} />
      </Stack>
    </Panel>
  );
}

const touched = [consensus.getDecision, consensus.listDecisions];

const As = ({ name }: { readonly name: string }) => (
  <>
    You vote as <Visible text={name} />.
  </>
);

function Committed({ seat, name }: SeatProps) {
  const { id, phase } = seat.decision;
  const { voterId } = seat.key;
  const text = useKept(id, voterId);
  const kept = text === undefined ? undefined : readKept(text, id, voterId);
  const work = useWork(async () => {
    if (kept) await reveal(seat, kept);
    forgetBallot(id, voterId);
  }, touched);
  return (
    <Panel title="Your ballot is committed" note={<As name={name} />}>
      <Stack gap="md">
        <Text size="sm">
          {kept
            ? phase === 'reveal'
              ? 'All commits are in. Reveal your ballot now, or it counts as absent.'
              : 'You reveal it when all commits are in. This browser keeps the ballot and its salt until then; save a copy if you may come back with another.'
            : 'This browser does not have your ballot and its salt. Open the copy you saved. If there is none, nobody can reveal the ballot, the platform included: it counts as absent, and the receipt says that it was not revealed.'}
        </Text>
        <Group gap="xs">
          {kept && phase === 'reveal' && (
            <Button loading={work.isPending} onClick={() => work.mutate(undefined)}>
              Reveal with your passkey
            </Button>
          )}
          {kept && text !== undefined && (
            <Button
              variant="default"
              leftSection={<Icon name="download" />}
              onClick={() => saveFile(`ballot-${id}.json`, text)}
            >
              Save a copy
            </Button>
          )}
          {!kept && <OpenCopy seat={seat} />}
        </Group>
        <Refused error={work.error} />
      </Stack>
    </Panel>
  );
}

function OpenCopy({ seat: { decision, key } }: { readonly seat: Seat }) {
  const [error, setError] = useState<Explained>();
  const load = async (file: File | null): Promise<void> => {
    if (!file) return;
    const kept = readKept(await file.text(), decision.id, key.voterId);
    if (kept) keepBallot(kept);
    else
      setError(
        new Explained('This is not your ballot in this decision.', 'Open the copy that was saved after the commit.'),
      );
  };
  return (
    <Stack gap="xs">
      <FileButton onChange={(file) => void load(file)} accept="application/json,.json">
        {(props) => (
          <Button {...props} variant="default" leftSection={<Icon name="upload" />}>
            Open a saved copy
          </Button>
        )}
      </FileButton>
      <Refused error={error} />
    </Stack>
  );
}
