/** Line drawings on a 20 × 20 grid. */
const drawings = {
  activity: 'M2.5 10.5h3.2l2.4-6 4 11 2.4-5h3',
  alert: 'M10 3.2l7.2 12.9H2.8L10 3.2zM10 8.2v3.6M10 14v.01',
  badge:
    'M4.5 4.5h11v12.7h-11zM8.2 2.8h3.6v3H8.2zM10 11.2a1.6 1.6 0 100-3.2 1.6 1.6 0 000 3.2zM7.2 14.6c.4-1.3 1.4-2 2.8-2s2.4.7 2.8 2',
  bars: 'M3.5 16.5h13M5.5 13.5v-4M10 13.5v-8M14.5 13.5v-6',
  bolt: 'M11 2.8L4.5 11.2h4.7L8.6 17.2l6.6-8.6h-4.8L11 2.8z',
  book: 'M4 4.2c2.2-.8 4.2-.6 6 .6 1.8-1.2 3.8-1.4 6-.6v11.4c-2.2-.8-4.2-.6-6 .6-1.8-1.2-3.8-1.4-6-.6V4.2zM10 4.8v11.4',
  box: 'M10 2.8l6.2 3.4v7.6L10 17.2l-6.2-3.4V6.2L10 2.8zM3.9 6.3L10 9.7l6.1-3.4M10 9.7v7.4',
  branch:
    'M6 6.6v6.8M6 6.6a1.8 1.8 0 100-3.6 1.8 1.8 0 000 3.6zM6 17a1.8 1.8 0 100-3.6A1.8 1.8 0 006 17zM14 6.6A1.8 1.8 0 1014 3a1.8 1.8 0 000 3.6zm0 0c0 3.6-8 2.2-8 5.6',
  building: 'M4.5 17V3.5h7V17M11.5 8h4v9M2.8 17h14.4M7 6.8h2M7 10h2M7 13.2h2',
  check: 'M4.2 10.6l3.7 3.7 7.9-8.4',
  chevron: 'M7.5 4.5L13 10l-5.5 5.5',
  clock: 'M10 17a7 7 0 100-14 7 7 0 000 14zM10 6v4.2l2.6 1.6',
  copy: 'M7.5 7.5h8.2v8.2H7.5zM4.3 12.5V4.3h8.2',
  cross: 'M5 5l10 10M15 5L5 15',
  dash: 'M5 10h10',
  decision:
    'M4.6 16.5h10.8M10 3.2v13.3M4 5.8h12M4 5.8l-1.8 5a2.2 2.2 0 003.6 0L4 5.8zM16 5.8l-1.8 5a2.2 2.2 0 003.6 0L16 5.8z',
  door: 'M9 3.2h7.2v13.6H9M3 10h8.4M8.2 6.8L11.4 10l-3.2 3.2',
  download: 'M10 3.2v9M6.2 8.8L10 12.5l3.8-3.7M3.8 16.3h12.4',
  file: 'M5 2.8h6.2L15.2 7v10.2H5V2.8zM11 2.9V7.2h4.1',
  gate: 'M3.2 16.8V4.5M16.8 16.8V4.5M3.2 6.2h13.6M3.2 10.4h13.6',
  info: 'M10 17a7 7 0 100-14 7 7 0 000 14zM10 9.2v4.3M10 6.6v.01',
  key: 'M7 12.9a3.6 3.6 0 100-7.2 3.6 3.6 0 000 7.2zM10.4 9.3h6.8v3M14 9.3v2.2',
  list: 'M3.5 5.5h.01M3.5 10h.01M3.5 14.5h.01M7 5.5h9.5M7 10h9.5M7 14.5h9.5',
  log: 'M7.8 7V3.2h4.4V7zM2.8 16.8V13h4.4v3.8zM12.8 16.8V13h4.4v3.8zM10 7v3M5 13v-3h10v3',
  monitor: 'M3 4h14v9.2H3zM7.2 16.6h5.6M10 13.4v3',
  moon: 'M16.4 11.8A6.8 6.8 0 018.2 3.6a6.8 6.8 0 108.2 8.2z',
  passkey:
    'M7.6 9a3 3 0 100-6 3 3 0 000 6zM2.6 16.4c0-2.9 2.1-4.7 5-4.7.9 0 1.7.2 2.4.5M14.4 12.2a2.3 2.3 0 100-4.6 2.3 2.3 0 000 4.6zM14.4 12.2v5M14.4 15h1.8',
  pause: 'M7.2 4.5v11M12.8 4.5v11',
  pen: 'M3.8 16.2l.9-3.9 8.6-8.6a1.9 1.9 0 012.7 2.7L7.4 15l-3.6 1.2zM11.8 5.2l2.9 2.9',
  people:
    'M7.4 9.6a2.9 2.9 0 100-5.8 2.9 2.9 0 000 5.8zM2.4 16.4c0-2.8 2.2-4.6 5-4.6s5 1.8 5 4.6M12.6 4a2.9 2.9 0 010 5.6M14.4 12.2c2 .5 3.2 2 3.2 4.2',
  person: 'M10 9.6a3.1 3.1 0 100-6.2 3.1 3.1 0 000 6.2zM4.2 16.8c0-3.1 2.6-5 5.8-5s5.8 1.9 5.8 5',
  plug: 'M7.4 2.8v4M12.6 2.8v4M5 6.8h10v2.6a5 5 0 01-10 0V6.8zM10 14.4v2.8',
  plus: 'M10 4v12M4 10h12',
  receipt: 'M5 2.8h10v14.4l-2-1.4-1.5 1.4-1.5-1.4-1.5 1.4L7 15.8l-2 1.4V2.8zM7.8 6.8h4.4M7.8 10h4.4',
  search: 'M9 14.4A5.4 5.4 0 109 3.6a5.4 5.4 0 000 10.8zM13 13l3.6 3.6',
  shield: 'M10 2.8l6 2.2v4.6c0 3.6-2.4 6.2-6 7.6-3.6-1.4-6-4-6-7.6V5l6-2.2z',
  signOut: 'M8 3.4H3.8v13.2H8M12.6 6.4L16.4 10l-3.8 3.6M16.2 10H7.6',
  sun: 'M10 13.4a3.4 3.4 0 100-6.8 3.4 3.4 0 000 6.8zM10 2.4v1.4M10 16.2v1.4M2.4 10h1.4M16.2 10h1.4M4.6 4.6l1 1M14.4 14.4l1 1M15.4 4.6l-1 1M5.6 14.4l-1 1',
  trash: 'M4 5.6h12M8 5.4V3.4h4v2M5.4 5.8l.7 10.8h7.8l.7-10.8',
  upload: 'M10 12.6V3.4M6.2 7L10 3.2 13.8 7M3.8 16.3h12.4',
} as const;
export type IconName = keyof typeof drawings;

/** A drawing beside words that say the same; readers skip it. */
export function Icon({
  name,
  size = 16,
  weight = 1.6,
}: {
  readonly name: IconName;
  readonly size?: number;
  readonly weight?: number;
}) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={weight}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      style={{ flex: 'none' }}
    >
      <path d={drawings[name]} />
    </svg>
  );
}
