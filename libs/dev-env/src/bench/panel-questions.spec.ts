import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { ownQuestions } from './panel-questions.js';

it('asks what its programs really print, among options that differ', () => {
  const questions = ownQuestions(100);
  expect(questions).toHaveLength(200);
  for (const { text, options, truth } of questions) {
    const [asked, source] = text.split(/\n\n/);
    let printed = '';
    runInNewContext(source!, { console: { log: (x: number) => (printed = String(x)) } });
    const claim = /prints (-?\d+)\./.exec(asked!)?.[1];
    expect(truth).toBe(claim === undefined ? printed : claim === printed ? 'approved' : 'rejected');
    expect(new Set(options).size).toBe(claim === undefined ? 4 : 2);
    expect(options).toContain(truth);
  }
  expect(ownQuestions(100)).toEqual(questions);
});
