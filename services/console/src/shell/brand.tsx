/** The mark: a panel in a half circle, and the decision in its middle. */
export function Brand({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#4f46c8" />
      <path
        d="M11.4 18.2l3.4 3.4 6.4-7"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <g fill="#fff">
        <circle cx="6.6" cy="16.6" r="1.7" />
        <circle cx="9.4" cy="10" r="1.7" />
        <circle cx="16" cy="7.2" r="1.7" />
        <circle cx="22.6" cy="10" r="1.7" />
        <circle cx="25.4" cy="16.6" r="1.7" />
      </g>
    </svg>
  );
}
