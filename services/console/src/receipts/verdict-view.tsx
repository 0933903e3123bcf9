import { Alert, Code, Skeleton, Stack } from '@mantine/core';
import { VERDICTS, type Verdict } from '@conclave/verify';
import { Icon } from '../design/icon.js';
import { Panel } from '../design/panel.js';
import { Refusal } from '../design/refusal.js';
import { Disc } from '../design/tag.js';
import { VisibleProse } from '../design/visible.js';
import { ReceiptClaims } from './receipt-claims.js';
import { notReached, stepLook, stepWords, verdictLook } from './step-words.js';
import { useTrust } from './trust-store.js';
import { canVerify, useVerdict } from './use-verdict.js';
import classes from './verdict-view.module.css';

/** A receipt's verification in this browser: the verdict, each step, and what the receipt says. */
export function VerdictView({ receipt }: { readonly receipt: string }) {
  const trust = useTrust();
  const verification = useVerdict(receipt, trust && 'policy' in trust ? trust.policy : undefined);
  if (!canVerify()) return <NotHere />;
  if (!verification) return <Skeleton height={420} radius="md" />;
  if ('fault' in verification) return <Refusal error={verification.fault} />;
  const { verdict } = verification;
  return (
    <Stack gap="md">
      <Headline verdict={verdict} />
      <Panel title="Steps" note="Each relies on those before it; the first that fails ends the verification.">
        <Steps verdict={verdict} />
      </Panel>
      {verdict.receipt && <ReceiptClaims receipt={verdict.receipt} />}
    </Stack>
  );
}

function Headline({ verdict: { status } }: { readonly verdict: Verdict }) {
  const look = verdictLook(status);
  return (
    <div className={`${classes['headline']} tone-${look.tone}`} role="status" data-status={status}>
      <span className={classes['shield']}>
        <Icon name="shield" size={44} weight={1.2} />
        <span>
          <Icon name={look.icon} size={18} weight={2.4} />
        </span>
      </span>
      <div>
        <p className={classes['word']}>{look.word}</p>
        <p className={classes['meaning']}>{VERDICTS[status].meaning}.</p>
      </div>
    </div>
  );
}

function Steps({ verdict: { steps } }: { readonly verdict: Verdict }) {
  return (
    <ol className={classes['steps']}>
      {stepWords.map(([name, question]) => {
        const step = steps.find((one) => one.name === name);
        const look = step ? stepLook(step) : notReached;
        return (
          <li key={name} className={`tone-${look.tone}`} data-step={name} data-word={look.word}>
            <Disc look={look} size={20} />
            <div>
              <p className={classes['question']}>
                {question} <span className={classes['answer']}>{look.word}</span>
              </p>
              {step && (
                <p className={classes['detail']}>
                  <VisibleProse text={step.detail} />
                </p>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function NotHere() {
  return (
    <Alert variant="default" title="This page cannot check signatures" icon={<Icon name="alert" />} role="alert">
      Browsers offer the needed cryptography only to pages served over HTTPS or from localhost, and this one is neither.
      Ask your operator for the HTTPS address, or download the receipt and run <Code>conclave verify FILE</Code>: it
      works offline.
    </Alert>
  );
}
