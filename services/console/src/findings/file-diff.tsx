import { Icon } from '../design/icon.js';
import { visibleString } from '../design/visible-text.js';
import { Visible } from '../design/visible.js';
import classes from './file-diff.module.css';
import type { DiffFile, FileView, Row } from './file-views.js';
import { FindingCard } from './finding-card.js';

const signs = { removed: '−', added: '+', context: ' ' } as const;

interface FileDiffProps {
  readonly view: FileView;
  /** Whether the change was cut to be shown: then a file that is not listed may still be part of it. */
  readonly cut: boolean;
}

/** One file of the change; files nobody found anything in start closed. */
export function FileDiff({ view: { path, file, rows, above, findings }, cut }: FileDiffProps) {
  const count = (kind: Row['kind']): number => rows.filter((row) => row.kind === kind).length;
  return (
    <details className={classes['file']} open={findings > 0}>
      <summary className={classes['summary']}>
        <span className={classes['chevron']}>
          <Icon name="chevron" size={13} weight={2} />
        </span>
        <h3 className={classes['path']}>
          {file?.oldPath !== undefined && (
            <span className={classes['old']}>
              <Visible text={file.oldPath} /> →{' '}
            </span>
          )}
          <Visible text={path} />
        </h3>
        <span className={classes['counts']}>
          <span>{file?.status ?? (cut ? 'not shown here' : 'not part of the change')}</span>
          {rows.length > 0 && (
            <>
              <span className="tone-good">+{count('added')}</span>
              <span className="tone-bad">−{count('removed')}</span>
            </>
          )}
        </span>
      </summary>
      <div className={classes['body']}>
        {above.map((finding) => (
          <FindingCard key={finding.number} finding={finding} />
        ))}
        {file && rows.length === 0 && <p className={classes['remark']}>{whyNoLines(file)}</p>}
        {rows.length > 0 && <Lines path={path} rows={rows} />}
      </div>
    </details>
  );
}

function whyNoLines({ binary, truncated }: DiffFile): string {
  if (binary) return 'A binary file: there are no lines to show.';
  return truncated ? 'The change is too large to show these lines here.' : 'No lines were changed.';
}

function Lines({ path, rows }: { readonly path: string; readonly rows: readonly Row[] }) {
  return (
    <table className={classes['lines']} aria-label={`Changed lines of ${visibleString(path)}`}>
      <tbody>
        {rows.map((row, at) => (
          <Line key={at} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function Line({ row }: { readonly row: Row }) {
  if (row.kind === 'finding')
    return (
      <tr>
        <td colSpan={4} className={classes['finding']}>
          <FindingCard finding={row.finding} />
        </td>
      </tr>
    );
  if (row.kind === 'hunk')
    return (
      <tr className={classes['hunk']}>
        <td colSpan={4}>{row.text}</td>
      </tr>
    );
  return (
    <tr className={classes[row.kind]}>
      <td className={classes['number']}>{row.old}</td>
      <td className={classes['number']}>{row.new}</td>
      <td className={classes['sign']}>{signs[row.kind]}</td>
      <td className={classes['code']}>
        <Visible text={row.text} />
      </td>
    </tr>
  );
}
