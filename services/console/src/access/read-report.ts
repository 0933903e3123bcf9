import { accessReviews, records } from '@conclave/contracts';
import { everyItem } from '@conclave/sdk';
import { client } from '../api/client.js';
import { Explained } from '../api/refusal-text.js';
import { send } from '../api/queries.js';

/** The log has an event within a second or so. */
const LOG_TRIES = 20;
const LOG_WAIT_MS = 500;
const LINES_OF_A_PAGE = 1_000;

/** A closed review's report: its lines, and an export of the log that holds the entry of its end, as the CLI stores it. */
export async function readReport(id: string): Promise<string> {
  const lines = await everyItem(
    (page) => client.call(accessReviews.getAccessReviewReport, { id, ...page }),
    LINES_OF_A_PAGE,
  );
  return [...lines, await loggedEnd(id)].map((line) => `${line}\n`).join('');
}

/** @throws Explained when the log does not have it yet */
async function loggedEnd(id: string): Promise<string> {
  const filter = { type: 'access-review.closed', about: id };
  for (let tries = 0; tries < LOG_TRIES; tries++) {
    const made = await send(records.createExport, { format: 'jsonl', filter });
    const bytes = await client.download(records.getExportContent, { id: made.id });
    const lines = (await new Response(bytes).text()).trimEnd();
    if (lines.split('\n').length > 2) return lines;
    await new Promise((done) => setTimeout(done, LOG_WAIT_MS));
  }
  throw new Explained('The log does not have the end of the review yet.', 'Ask again in a moment.');
}
