import { oauth } from '@conclave/contracts';
import { useQuery } from '@tanstack/react-query';
import { ask, useCommand } from '../api/queries.js';
import { Page, Waiting } from '../design/page.js';
import { Refusal } from '../design/refusal.js';
import { Visible } from '../design/visible.js';
import type { PageProps } from '../routing/page-props.js';
import { Asked } from './asked.js';

/** Where a program sent the browser to ask the person, who goes back to it with the answer. */
export function AuthorizePage({ params }: PageProps) {
  const { id = '' } = params;
  const question = useQuery({ ...ask(oauth.getAuthorization, { id }), staleTime: Infinity });
  const decide = useCommand(oauth.decideAuthorization, []);
  const answer = (allow: boolean): void =>
    decide.mutate(
      { id, allow, shown: question.data?.shown },
      { onSuccess: ({ location }) => globalThis.location.assign(location) },
    );
  return (
    <Page title="Connect a program" description="A program led you here to ask for your permission.">
      {question.isPending && <Waiting rows={3} />}
      {question.error && <Refusal error={question.error} />}
      {question.data && (
        <Asked
          question={question.data}
          facts={[['Goes back to', <Visible key="to" text={question.data.returnsTo} />]]}
          caution="Allow this only if you came from this program just now."
          error={decide.error}
          isPending={decide.isPending || decide.isSuccess}
          onAnswer={answer}
        />
      )}
    </Page>
  );
}
