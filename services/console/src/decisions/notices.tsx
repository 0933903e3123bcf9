import { Icon } from '../design/icon.js';
import { VisibleProse } from '../design/visible.js';
import classes from './notices.module.css';

/** What the panel was told about the change beforehand, such as that it touches its own jury. */
export function Notices({ notices }: { readonly notices: readonly string[] }) {
  if (notices.length === 0) return null;
  return (
    <ul className={`${classes['notices']} tone-warn`} aria-label="Notices">
      {notices.map((notice) => (
        <li key={notice}>
          <Icon name="info" size={15} />
          <VisibleProse text={notice} />
        </li>
      ))}
    </ul>
  );
}
