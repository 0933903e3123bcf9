import { visibleText } from './visible-text.js';
import classes from './visible.module.css';

const HIDES = 'This character does not show, or reorders what is around it.';

/** Somebody else's line as it is, with what hides in it made visible: a name must not pose as another. */
export function Visible({ text }: { readonly text: string }) {
  // A word longer than a column would push all that stands beside it out of sight.
  if (LONG_WORD.test(text)) return <span className={classes['breaks']}>{pieces(text)}</span>;
  return pieces(text);
}

const LONG_WORD = /\S{32}/;

function pieces(text: string) {
  return visibleText(text).map((piece, at) =>
    'text' in piece ? (
      piece.text
    ) : (
      <mark key={at} title={HIDES} className={classes['hidden']}>
        {piece.hidden}
      </mark>
    ),
  );
}

/** Somebody else's sentences: their line breaks are spaces, as in all running text. */
export const VisibleProse = ({ text }: { readonly text: string }) => <Visible text={text.replaceAll(/\r?\n/g, ' ')} />;
