/** The formats of a receipt as JSON Schema (2020-12), written from the shapes that read them. */
import type { JsonSchema } from '../shape.js';
import { PREDICATE_TYPE, statementOfShape } from './predicate.js';
import { receiptFileShape } from './receipt-file.js';
import { waiverShape } from './waiver.js';

const schema = (name: string, title: string, description: string, shape: JsonSchema): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `https://conclave.dev/spec/${name}.schema.json`,
  title,
  description,
  ...shape,
});

/** Of the file. */
export const receiptSchema = schema(
  'receipt',
  'Decision receipt',
  'The file. What is inside its base64 members has schemas and rules of its own: see receipt.md.',
  receiptFileShape.schema,
);

/** Of the signed statement with its predicate. */
export const statementSchema = schema(
  'statement',
  'Decision statement',
  `The in-toto statement that the envelope of a decision receipt signs, with its predicate ${PREDICATE_TYPE}.`,
  statementOfShape.schema,
);

/** Of a waiver, the payload of its envelope. */
export const waiverSchema = schema(
  'waiver',
  'Waiver',
  'The payload of a waiver’s envelope: see waiver.md.',
  waiverShape.schema,
);
