import { models, type ReplyOf } from '@conclave/contracts';
import type { Group } from '../command.js';
import { model } from '../nouns/work.js';
import { several, word } from '../operations/field.js';
import { listing, operation } from '../operations/operation.js';
import { printable } from '../printable.js';

const MODEL = word('model', '', { name: 'MODEL', required: true });

const shows = ({ model, fallbacks }: ReplyOf<typeof models.setFallbacks>): readonly string[] => [
  [model, ...fallbacks].map(printable).join(', then '),
];

export const modelsGroup: Group = {
  name: 'models',
  summary: 'models, and what stands in for them',
  description: 'The models that your workspace reaches, and which of them stand in for one whose provider is out.',
  commands: [
    listing(model, ['models']),
    operation(models.setFallbacks, {
      name: 'set-fallbacks',
      summary: 'say what stands in for a model',
      description:
        'Says which models stand in for one, with commas between them, in the order in which they are asked when its provider is out or limits us. Jurors are stood in for by nobody.',
      operands: [MODEL, several('fallbacks', '', { name: 'MODELS', required: true })],
      shows,
    }),
    operation(models.setFallbacks, {
      name: 'remove-fallbacks',
      summary: 'let nothing stand in for a model',
      operands: [MODEL],
      always: { fallbacks: [] },
      shows,
    }),
  ],
};
