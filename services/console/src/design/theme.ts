import {
  Anchor,
  Button,
  createTheme,
  Modal,
  Table,
  Title,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

const violet: MantineColorsTuple = [
  '#f1f0fd',
  '#e0defa',
  '#c0bbf3',
  '#a39dff',
  '#857df0',
  '#6a61dd',
  '#4f46c8',
  '#443bb0',
  '#393197',
  '#2d277a',
];

const graphite: MantineColorsTuple = [
  '#e9eaee',
  '#c4c6ce',
  '#9da0ab',
  '#72757f',
  '#3a3c45',
  '#26272e',
  '#1d1e24',
  '#15161a',
  '#101115',
  '#0b0c0e',
];

/** Compact, quiet, dense enough for work; colours come from `tokens.css`. */
export const theme = createTheme({
  primaryColor: 'violet',
  primaryShade: { light: 6, dark: 5 },
  colors: { violet, dark: graphite },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  lineHeights: { xs: '1.4', sm: '1.5', md: '1.55', lg: '1.5', xl: '1.4' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.3' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.45' },
    },
  },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '16px' },
  cursorType: 'pointer',
  components: {
    Anchor: Anchor.extend({ defaultProps: { underline: 'hover' } }),
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        overlayProps: { backgroundOpacity: 0.4, blur: 2 },
        styles: { title: { fontWeight: 600 } },
      },
    }),
    Table: Table.extend({
      defaultProps: { verticalSpacing: 9, horizontalSpacing: 'md', fz: 'sm', borderColor: 'var(--line)' },
    }),
    Title: Title.extend({ defaultProps: { textWrap: 'pretty' } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 250, multiline: true, maw: 360 } }),
  },
});

const fromTokens = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-muted)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-placeholder': 'var(--ink-muted)',
};

/** Mantine's own variables, told what the tokens say. */
export const variables: CSSVariablesResolver = () => ({ variables: {}, light: fromTokens, dark: fromTokens });
