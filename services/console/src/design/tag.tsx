import { Icon } from './icon.js';
import classes from './tag.module.css';
import type { Look } from './tones.js';

/** A state in its colour, drawing and word. `live` beats while it lasts. */
export function Tag({ look, live = false }: { readonly look: Look; readonly live?: boolean }) {
  return (
    <span className={`${classes['tag']} tone-${look.tone}`} data-live={live || undefined}>
      <Icon name={look.icon} size={13} weight={2.2} />
      {look.word}
    </span>
  );
}

/** The drawing of a state in a disc, beside words that say the same. */
export function Disc({
  look,
  size = 22,
  live = false,
}: {
  readonly look: Look;
  readonly size?: number;
  readonly live?: boolean;
}) {
  return (
    <span
      aria-hidden="true"
      className={`${classes['disc']} tone-${look.tone}`}
      data-live={live || undefined}
      style={{ width: size, height: size }}
    >
      <Icon name={look.icon} size={Math.round(size * 0.6)} weight={2.2} />
    </span>
  );
}

/** A state's word in its colour, where its disc is not far. */
export function Word({ look }: { readonly look: Look }) {
  return <span className={`${classes['word']} tone-${look.tone}`}>{look.word}</span>;
}
