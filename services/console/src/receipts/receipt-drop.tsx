import { FileButton, UnstyledButton } from '@mantine/core';
import { useState, type DragEvent } from 'react';
import { Icon } from '../design/icon.js';
import classes from './receipt-drop.module.css';

export interface ReceiptFile {
  readonly name: string;
  readonly text: string;
}

/** Where a receipt file is dropped or chosen. It is read here and sent nowhere. */
export function ReceiptDrop({ onFile }: { readonly onFile: (file: ReceiptFile) => void }) {
  const [over, setOver] = useState(false);
  const take = (file: File | null | undefined): void => {
    if (file) void file.text().then((text) => onFile({ name: file.name, text }));
  };
  const hover = (event: DragEvent, is: boolean): void => {
    event.preventDefault();
    setOver(is);
  };
  return (
    <FileButton onChange={take} accept="application/json,.json">
      {({ onClick }) => (
        <UnstyledButton
          className={classes['drop']}
          data-over={over || undefined}
          onClick={onClick}
          onDragOver={(event) => hover(event, true)}
          onDragLeave={(event) => hover(event, false)}
          onDrop={(event) => {
            hover(event, false);
            take(event.dataTransfer.files[0]);
          }}
        >
          <Icon name="receipt" size={26} weight={1.3} />
          <span>
            <b>Drop a receipt here</b> or choose a file
          </span>
          <small>It is read and verified in this browser, and sent nowhere.</small>
        </UnstyledButton>
      )}
    </FileButton>
  );
}
