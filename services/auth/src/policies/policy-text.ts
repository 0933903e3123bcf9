/**
 * Which texts are policies: one Cedar `forbid`, that fits the schema and can apply to something.
 *
 * Cedar works through an expression by recursion, and at some hundred levels its module traps. Brackets nest and
 * operators chain far below that here, counted before Cedar sees the text.
 */
import { ConclaveError } from '@conclave/contracts';
import { cedarSchema, type Cedar, type DetailedError, type Policy } from '@conclave/nest-kit/policy';

interface Issue {
  readonly message: string;
  readonly help?: string;
  /** Where it begins, both from 1; absent when it is about the whole text. */
  readonly line?: number;
  readonly column?: number;
}

const MOST_NESTED = 32;
const MOST_OPERATORS = 128;
/** Texts and comments end where they do for Cedar, or one could hide what follows: a comment also at a carriage return. */
const TOKENS = /"(?:[^"\\]|\\[^\n])*"|\/\/[^\n\r]*|[([{]|[)\]}]|&&|\|\||[=!<>]=?|[-+*.]|\b(?:if|in|is|has|like)\b/g;

/** @throws ConclaveError `auth.policy.invalid` with what is wrong, and where */
export function refuseInvalid(cedar: Cedar, { id, source }: Policy): void {
  const issues = tooDeep(source) ?? faults(cedar, id, source);
  if (issues.length > 0) throw new ConclaveError('auth.policy.invalid', { issues: issues.slice(0, 20) });
}

function tooDeep(source: string): Issue[] | undefined {
  let [depth, operators] = [0, 0];
  for (const [token] of source.matchAll(TOKENS)) {
    if (token.startsWith('"') || token.startsWith('//')) continue;
    if (/[([{]/.test(token)) depth += 1;
    else if (/[)\]}]/.test(token)) depth -= 1;
    else operators += 1;
    // A bracket may look into what is before it, and many look ever deeper.
    if (token === '[') operators += 1;
    if (depth > MOST_NESTED) return [{ message: `brackets nest deeper than ${MOST_NESTED}` }];
  }
  return operators > MOST_OPERATORS ? [{ message: `more than ${MOST_OPERATORS} operators in one policy` }] : undefined;
}

function faults(cedar: Cedar, id: string, source: string): Issue[] {
  const parsed = cedar.use((module) => module.policyToJson(source));
  if (parsed.type === 'failure') return parsed.errors.map((error) => issueOf(source, error));
  if (parsed.json.effect !== 'forbid')
    return [{ message: 'a policy can only forbid: roles say what is permitted', line: 1, column: 1 }];
  const call = { schema: cedarSchema(), policies: { staticPolicies: { [id]: source } } };
  const checked = cedar.use((module) => module.validate(call));
  if (checked.type === 'failure') return checked.errors.map((error) => issueOf(source, error));
  const { validationErrors, validationWarnings, otherWarnings } = checked;
  const found = [...validationErrors, ...validationWarnings].map(({ error }) => error);
  return [...found, ...otherWarnings].map((error) => issueOf(source, error));
}

/** Cedar counts bytes of UTF-8. */
function issueOf(source: string, { message, help, sourceLocations }: DetailedError): Issue {
  const start = sourceLocations?.[0]?.start;
  const before = Buffer.from(source).subarray(0, start).toString().split('\n');
  return {
    message,
    ...(help ? { help } : {}),
    ...(start === undefined ? {} : { line: before.length, column: before.at(-1)!.length + 1 }),
  };
}
