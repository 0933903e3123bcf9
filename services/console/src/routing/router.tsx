import { useSyncExternalStore, type ComponentProps, type MouseEvent } from 'react';

const listeners = new Set<() => void>();
const tell = (): void => listeners.forEach((listener) => listener());
globalThis.addEventListener('popstate', tell);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Path and query of the page that is shown. */
export function useAddress(): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '/', query] = useSyncExternalStore(subscribe, () => location.pathname + location.search).split('?');
  return { path, query: new URLSearchParams(query) };
}

/** Goes to another page; `replace` leaves no way back to this one. */
export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  history[`${how}State`](null, '', to);
  tell();
}

/** A link within the console; what asks for a new tab or window gets one from the browser. */
export function Link({ to, onClick, ...rest }: { readonly to: string } & ComponentProps<'a'>) {
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !plain) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}
