import { CommandLine } from '../design/copy.js';
import { NothingHere } from '../design/nothing-here.js';

/** An empty list of runs, and the one line that starts a review. */
export function NoRuns({ filtered }: { readonly filtered: boolean }) {
  if (filtered) return <NothingHere icon="search" title="No run is in this state" />;
  return (
    <NothingHere icon="activity" title="No runs yet">
      <span>Have a panel judge a change in any git repository, from a branch with commits of its own:</span>
      <CommandLine line="npm exec conclave -- review --repo <directory>" />
      <span>It shows up here while it is being judged.</span>
    </NothingHere>
  );
}
