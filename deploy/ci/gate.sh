#!/bin/sh
# The gate before a merge, for any CI that checks out a repository with its history: a commit passes when a receipt about
# its tree holds, under the trust root and the policy of the branch it is for. Nothing is read from the change itself.
#
#   TARGET   the branch changes are for, as the remote names it (default: main)
#   COMMIT   what is to be merged (default: HEAD); of a pull request its head, not the merge that CI made of it
#   REMOTE   where the branch and the notes are (default: origin)
#   RECEIPT  the receipt (default: the note on the commit, from refs/notes/conclave-receipts)
#   POLICY   a policy as a file of the branch (default: .conclave/gate.json); without one, approval is demanded
#   CONCLAVE how the program is started (default: conclave)
set -eu
: "${TARGET:=main}" "${COMMIT:=HEAD}" "${REMOTE:=origin}" "${POLICY:=.conclave/gate.json}" "${CONCLAVE:=conclave}"

git fetch --quiet --no-tags "$REMOTE" "+refs/heads/$TARGET:refs/remotes/$REMOTE/$TARGET"
for notes in conclave-receipts conclave-waivers; do
  git fetch --quiet --no-tags "$REMOTE" "+refs/notes/$notes:refs/notes/$notes" 2>/dev/null || echo "gate: $REMOTE has no refs/notes/$notes" >&2
done

demands=$(mktemp)
trap 'rm -f "$demands"' EXIT
git show "refs/remotes/$REMOTE/$TARGET:$POLICY" >"$demands" 2>/dev/null || echo '{"version":1,"outcome":"approved"}' >"$demands"
grep -q '"outcome"' "$demands" || { echo "gate: $POLICY must say the outcome it demands, such as \"outcome\": \"approved\"" >&2; exit 1; }

$CONCLAVE verify ${RECEIPT:+"$RECEIPT"} --commit "$COMMIT" --target "refs/remotes/$REMOTE/$TARGET" --policy "$demands"
