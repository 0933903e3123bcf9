import { beforeAll, describe, expect, it } from '@jest/globals';
import { ballotOf, commitmentOf, Log, revealOf, signerOf, termsOf, type Signer } from '../test/panel.js';
import type { Admission } from './admission.js';
import { admitBallot, admitCommit, admitReveal } from './admit-statement.js';
import { standingOf } from './standing.js';

let ann: Signer;
let bob: Signer;
let stranger: Signer;
beforeAll(async () => {
  [ann, bob, stranger] = await Promise.all([signerOf('ann'), signerOf('bob'), signerOf('stranger')]);
});

const open = () => new Log(termsOf([ann, bob]));
const sealed = () => new Log(termsOf([ann, bob], { secrecy: 'sealed' }));
const statusOf = (log: Log, signer: Signer) =>
  standingOf(log.decision.statements.get(signer.voter.voterId) ?? []).status;
const refused =
  (code: string, reason: string, events = 0) =>
  (admission: Admission) => {
    expect(admission.refusal).toMatchObject({ code: `consensus.${code}`, reason });
    expect(admission.events).toHaveLength(events);
  };

describe('ballots in an open decision', () => {
  it('counts a signed ballot and answers its repeat without a second event, even after the close', async () => {
    const log = open();
    expect((await log.cast(ann, { vote: 'yes' })).events).toHaveLength(1);
    expect(await log.cast(ann, { vote: 'yes' })).toEqual({ events: [] });
    await log.cast(bob, { vote: 'no' });
    log.finish();
    expect(await log.cast(ann, { vote: 'yes' })).toEqual({ events: [] });
    expect(statusOf(log, ann)).toBe('counted');
  });

  it('keeps both ballots of an equivocating voter and makes it void', async () => {
    const log = open();
    await log.cast(ann, { vote: 'yes' });
    refused('ballot.equivocation', 'void', 1)(await log.cast(ann, { vote: 'no' }));
    expect(statusOf(log, ann)).toBe('void');
    expect(log.decision.statements.get('ann')).toHaveLength(2);
    refused('ballot.equivocation', 'void')(await log.cast(ann, { vote: 'abstain' }));
  });

  it('takes another reason or other findings for another ballot', async () => {
    const log = open();
    await log.cast(ann, { vote: 'yes' });
    refused('ballot.equivocation', 'void', 1)(await log.cast(ann, { vote: 'yes', reason: 'on second thought' }));
  });

  it('keeps an abstention with its reason; a vote after it is equivocation', async () => {
    const log = open();
    expect((await log.cast(ann, { vote: 'abstain', reason: 'does not apply' })).events[0]?.type).toBe(
      'ballot.abstained',
    );
    expect(statusOf(log, ann)).toBe('abstained');
    refused('ballot.equivocation', 'void', 1)(await log.cast(ann, { vote: 'yes' }));
  });

  it('never makes a voter void by a forged ballot', async () => {
    const log = open();
    await log.cast(ann, { vote: 'yes' });
    const { ballot } = await ballotOf(log.decision.terms, ann, { vote: 'no' });
    const { signature } = await ballotOf(log.decision.terms, bob, { vote: 'no' });
    refused('ballot.signature', 'signature')(await admitBallot(log.decision, { ballot, signature }));
    expect(statusOf(log, ann)).toBe('counted');
  });

  it('refuses what comes after the close, however early it was signed', async () => {
    const log = open();
    const early = await ballotOf(log.decision.terms, bob, { vote: 'no' });
    await log.cast(ann, { vote: 'yes' });
    log.finish('deadline');
    refused('ballot.late', 'closed')(await admitBallot(log.decision, early));
  });

  it.each<[string, string, (log: Log) => Promise<Admission>]>([
    ['ballot.not-a-voter', 'not-a-voter', (log) => log.cast(stranger, { vote: 'yes' })],
    ['ballot.malformed', 'foreign-decision', (log) => log.cast(ann, { vote: 'yes', decisionId: 'dec_2' })],
    ['ballot.malformed', 'ballot-foreign', (log) => log.cast(ann, { ranking: [['change']] })],
    ['ballot.malformed', 'shape', (log) => log.cast(ann, {})],
    ['ballot.malformed', 'shape', (log) => log.cast(ann, { vote: 'yes', ranking: [] })],
    ['ballot.malformed', 'shape', (log) => log.cast(ann, { vote: 'yes', round: 2 })],
    ['ballot.malformed', 'shape', (log) => log.cast(ann, { vote: 'abstain', reason: ' ' })],
    ['ballot.malformed', 'shape', (log) => admitBallot(log.decision, null)],
    ['ballot.malformed', 'shape', (log) => admitCommit(log.decision, {})],
    ['ballot.malformed', 'shape', (log) => admitReveal(log.decision, [])],
    ['decision.phase', 'open-secrecy', (log) => log.commit(ann, { vote: 'yes' })],
    ['decision.phase', 'open-secrecy', (log) => log.reveal(ann, { vote: 'yes' })],
  ])('refuses with %s (%s) and leaves no trace', async (code, reason, attempt) => {
    const log = open();
    refused(code, reason)(await attempt(log));
    expect(log.decision.statements.size).toBe(0);
  });

  it('refuses every signature with one bit changed', async () => {
    const log = open();
    const { ballot, signature } = await ballotOf(log.decision.terms, ann, { vote: 'yes' });
    for (const at of [0, 20, 43, 60, 84]) {
      const value =
        signature.value.slice(0, at) + (signature.value[at] === 'A' ? 'B' : 'A') + signature.value.slice(at + 1);
      const forged = { ballot, signature: { ...signature, value } };
      refused('ballot.signature', 'signature')(await admitBallot(log.decision, forged));
    }
  });
});

describe('ballots in a sealed decision', () => {
  it('counts what was committed and then revealed', async () => {
    const log = sealed();
    await log.commit(ann, { vote: 'yes' });
    await log.commit(bob, { vote: 'abstain', reason: 'not mine' });
    expect(log.decision.phase).toBe('commit');
    log.closeCommits();
    await log.reveal(ann, { vote: 'yes' });
    await log.reveal(bob, { vote: 'abstain', reason: 'not mine' });
    expect([statusOf(log, ann), statusOf(log, bob)]).toEqual(['counted', 'abstained']);
  });

  it('takes a direct abstention while commits are open', async () => {
    const log = sealed();
    await log.cast(ann, { vote: 'abstain' });
    expect(statusOf(log, ann)).toBe('abstained');
    refused('ballot.equivocation', 'void', 1)(await log.commit(ann, { vote: 'yes' }));
  });

  it('makes a voter void whose reveal does not open the commitment, and keeps both', async () => {
    const log = sealed();
    await log.commit(ann, { vote: 'yes' });
    log.closeCommits('deadline');
    refused('ballot.reveal-mismatch', 'void', 1)(await log.reveal(ann, { vote: 'no' }));
    expect(statusOf(log, ann)).toBe('void');
    refused('ballot.equivocation', 'void')(await log.reveal(ann, { vote: 'yes' }));
  });

  it('is not impressed by a revealed ballot sent again with another salt', async () => {
    const log = sealed();
    await log.commit(ann, { vote: 'yes' });
    log.closeCommits('deadline');
    await log.reveal(ann, { vote: 'yes' });
    const otherSalt = Buffer.alloc(32, 1).toString('base64');
    expect(
      await admitReveal(log.decision, await revealOf(log.decision.terms, ann, { vote: 'yes' }, otherSalt)),
    ).toEqual({ events: [] });
    expect(statusOf(log, ann)).toBe('counted');
  });

  it('takes no salt that its voter did not sign, where reveals are signed', async () => {
    const log = new Log(termsOf([ann, bob], { secrecy: 'sealed', signedReveals: true }));
    await log.commit(ann, { vote: 'yes' });
    log.closeCommits('deadline');
    const told = await revealOf(log.decision.terms, ann, { vote: 'yes' });
    const forged = { ...told, salt: Buffer.alloc(32, 1).toString('base64') };
    refused('ballot.signature', 'signature')(await admitReveal(log.decision, forged));
    await log.reveal(ann, { vote: 'yes' });
    expect(statusOf(log, ann)).toBe('counted');
  });

  it('makes a voter void that commits to two ballots', async () => {
    const log = sealed();
    await log.commit(ann, { vote: 'yes' });
    expect(await log.commit(ann, { vote: 'yes' })).toEqual({ events: [] });
    refused('ballot.equivocation', 'void', 1)(await log.commit(ann, { vote: 'no' }));
    expect(statusOf(log, ann)).toBe('void');
  });

  it('makes a voter void that reveals two ballots', async () => {
    const log = sealed();
    await log.commit(ann, { vote: 'yes' });
    log.closeCommits('deadline');
    await log.reveal(ann, { vote: 'yes' });
    refused('ballot.equivocation', 'void', 1)(await log.reveal(ann, { vote: 'no' }));
    expect(statusOf(log, ann)).toBe('void');
  });

  it('refuses ballots in the clear, reveals too early, commits too late, and reveals without a commit', async () => {
    const log = sealed();
    refused('decision.phase', 'sealed-secrecy')(await log.cast(ann, { vote: 'yes' }));
    await log.commit(ann, { vote: 'yes' });
    refused('decision.phase', 'commits-open')(await log.reveal(ann, { vote: 'yes' }));
    log.closeCommits('deadline');
    refused('ballot.late', 'closed')(await log.commit(bob, { vote: 'no' }));
    refused('ballot.late', 'closed')(await log.cast(bob, { vote: 'abstain' }));
    refused('ballot.reveal-mismatch', 'no-commit')(await log.reveal(bob, { vote: 'no' }));
    log.finish('deadline');
    refused('ballot.late', 'closed')(await log.reveal(ann, { vote: 'yes' }));
  });

  it.each<[string, string, (log: Log) => Promise<Admission>]>([
    ['ballot.not-a-voter', 'not-a-voter', (log) => log.commit(stranger, { vote: 'yes' })],
    [
      'ballot.signature',
      'signature',
      async (log) => {
        const { commitment } = await commitmentOf(log.decision.terms, ann, { vote: 'yes' });
        const { signature } = await commitmentOf(log.decision.terms, bob, { vote: 'yes' });
        return admitCommit(log.decision, { commitment, signature });
      },
    ],
    [
      'ballot.malformed',
      'foreign-decision',
      async (log) => {
        const { commitment, signature } = await commitmentOf(log.decision.terms, ann, { vote: 'yes' });
        return admitCommit(log.decision, { commitment: { ...commitment, decisionId: 'dec_2' }, signature });
      },
    ],
  ])('refuses a commitment with %s (%s)', async (code, reason, attempt) => {
    refused(code, reason)(await attempt(sealed()));
  });
});
