/** Commands that run what they have just fetched, unseen. */

const fetches = /\b(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod)\b/i;
const decodes = /\bbase64\s+(?:-d|-D|--decode)\b/;
const interprets = /^\s*(?:sudo\s+(?:-\S+\s+)*)?(?:(?:ba|z|da|fi|k)?sh|python3?|node|perl|ruby|iex)\b/i;
const substitutes =
  /\b(?:(?:ba)?sh\s+(?:-c\s+)?["']?(?:\$\(|<\()|eval\s+["']?\$\(|source\s+<\(|iex\s*\()\s*(?:curl|wget|irm|iwr)\b/i;

/** Whether a command line pipes a download, or something decoded, into an interpreter. */
export function runsUnseenCode(text: string): boolean {
  if (substitutes.test(text)) return true;
  return text.split(/;|&&|\|\|/).some((command) => {
    const stages = command.split('|');
    return stages.some(
      (stage, at) => (fetches.test(stage) || decodes.test(stage)) && interprets.test(stages[at + 1] ?? ''),
    );
  });
}
