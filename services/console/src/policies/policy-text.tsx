import { ConclaveError } from '@conclave/contracts';
import { Textarea } from '@mantine/core';
import classes from './policy-text.module.css';

/** What is wrong with a policy, and where; without a line it is about all of it. */
export interface Issue {
  readonly message: string;
  readonly help?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What a refusal says is wrong with the text, if that is what it says. */
export const issuesOf = (error: unknown): readonly Issue[] | undefined =>
  error instanceof ConclaveError && error.code === 'auth.policy.invalid' && Array.isArray(error.params['issues'])
    ? (error.params['issues'] as readonly Issue[])
    : undefined;

interface PolicyTextProps {
  readonly value: string;
  /** Without it the text can only be read. */
  readonly onChange?: (value: string) => void;
  readonly issues?: readonly Issue[];
}

/** The text of a policy, and below it what is wrong, each under the line it is in. */
export function PolicyText({ value, onChange, issues = [] }: PolicyTextProps) {
  return (
    <div>
      <Textarea
        label="Text"
        required={onChange !== undefined}
        readOnly={onChange === undefined}
        autosize
        minRows={6}
        maxRows={18}
        maxLength={8192}
        spellCheck={false}
        autoCapitalize="off"
        classNames={{ input: classes['source'] ?? '' }}
        aria-invalid={issues.length > 0}
        value={value}
        onChange={(event) => onChange?.(event.currentTarget.value)}
      />
      {issues.length > 0 && <Issues source={value} issues={issues} />}
    </div>
  );
}

function Issues({ source, issues }: { readonly source: string; readonly issues: readonly Issue[] }) {
  const lines = source.split('\n');
  return (
    <ul className={classes['issues']} role="alert" aria-label="What is wrong">
      {issues.map(({ message, help, line, column = 1 }, at) => (
        <li key={at}>
          {line !== undefined && (
            <pre>
              <span className={classes['at']}>{line}</span> {lines[line - 1]}
              {'\n'}
              {' '.repeat(String(line).length + column)}^
            </pre>
          )}
          <strong>{line === undefined ? message : `Line ${line}: ${message}`}</strong>
          {help !== undefined && <div>{help}</div>}
        </li>
      ))}
    </ul>
  );
}
