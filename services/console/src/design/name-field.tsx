import { TextInput, type TextInputProps } from '@mantine/core';

interface NameFieldProps extends Omit<TextInputProps, 'onChange'> {
  readonly value: string;
  readonly onName: (name: string) => void;
}

/** What a new thing is to be called: the first field of its form, as long as names may be. */
export const NameField = ({ onName, ...rest }: NameFieldProps) => (
  <TextInput
    label="Name"
    required
    maxLength={120}
    data-autofocus
    onChange={(event) => onName(event.currentTarget.value)}
    {...rest}
  />
);
