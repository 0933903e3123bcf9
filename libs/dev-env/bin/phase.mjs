/** How a long command talks: one line per step with its time, and a sign of life while a step lasts. */
const QUIET_MS = 1_000;
const SIGN_OF_LIFE_MS = 15_000;

const line = (mark, title, detail, time) =>
  process.stdout.write(`  ${mark} ${title}${detail ? `: ${detail}` : ''} ${time}\n`);

/** Runs one step; `work` may call its argument to say what was found or what it is busy with. */
export async function phase(title, work) {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  let detail = '';
  const announce = setTimeout(() => line('·', title, detail, '…'), QUIET_MS);
  const beat = setInterval(() => line('·', title, detail, `… (${seconds()})`), SIGN_OF_LIFE_MS);
  try {
    const result = await work((text) => (detail = text));
    line('✓', title, detail, `(${seconds()})`);
    return result;
  } catch (error) {
    line('✗', title, detail, `(${seconds()})`);
    throw error;
  } finally {
    clearTimeout(announce);
    clearInterval(beat);
  }
}
