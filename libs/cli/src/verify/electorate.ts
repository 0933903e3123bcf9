/** Who evaluated, as the receipt's statement names it. */
export interface Evaluator {
  readonly id: string;
  readonly version: string;
  readonly deterministic: boolean;
}

/** The evaluators by voter, of a receipt whose form was verified. */
export function evaluatorsOf(receipt: Buffer): ReadonlyMap<string, Evaluator> {
  const { envelope } = JSON.parse(receipt.toString('utf8')) as { envelope: { payload: string } };
  const { predicate } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8')) as {
    predicate: { electorate: { voterId: string; evaluator?: Evaluator }[] };
  };
  return new Map(
    predicate.electorate.flatMap(({ voterId, evaluator }) => (evaluator ? [[voterId, evaluator] as const] : [])),
  );
}
