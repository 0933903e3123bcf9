import { ActionIcon, CopyButton, Tooltip, VisuallyHidden } from '@mantine/core';
import { Icon } from './icon.js';
import classes from './copy.module.css';

/** Puts a value on the clipboard. */
export function Copy({ value, what }: { readonly value: string; readonly what: string }) {
  return (
    <CopyButton value={value} timeout={1_500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={`Copy ${what}`}>
            <Icon name={copied ? 'check' : 'copy'} size={14} />
            <VisuallyHidden role="status">{copied ? 'Copied' : ''}</VisuallyHidden>
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** A digest or commit: short to look at, whole to copy and on hover. */
export function Digest({
  value,
  what,
  length = 12,
}: {
  readonly value: string;
  readonly what: string;
  readonly length?: number;
}) {
  return (
    <span className={classes['digest']}>
      <Tooltip label={<code className={classes['whole']}>{value}</code>}>
        <code>{value.slice(0, length)}</code>
      </Tooltip>
      <Copy value={value} what={what} />
    </span>
  );
}

/** A line to paste into a terminal. */
export function CommandLine({ line }: { readonly line: string }) {
  return (
    <div className={classes['line']}>
      <code>
        <span aria-hidden="true">$ </span>
        {line}
      </code>
      <Copy value={line} what="command" />
    </div>
  );
}
