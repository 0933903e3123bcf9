import { Fragment } from 'react';
import classes from './json.module.css';
import { Visible } from './visible.js';

/** A value as somebody else gave it, to read. */
export function Json({ value }: { readonly value: unknown }) {
  const lines = typeof value === 'string' ? value.split(/\r?\n/) : JSON.stringify(value, undefined, 2).split('\n');
  return (
    <pre className={classes['json']} tabIndex={0}>
      {lines.map((line, at) => (
        <Fragment key={at}>
          {at > 0 && '\n'}
          <Visible text={line} />
        </Fragment>
      ))}
    </pre>
  );
}
