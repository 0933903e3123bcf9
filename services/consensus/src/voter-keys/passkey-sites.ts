import type { PasskeySites } from './registration.js';

/**
 * The sites named in `PASSKEY_ORIGINS`, of which the first gives the domain that passkeys are scoped to; undefined for
 * none. @throws Error for what a browser would not take
 */
export function passkeySitesOf(text: string): PasskeySites | undefined {
  const origins = text.split(',').flatMap((item) => item.trim() || []);
  const [first] = origins.map(siteOf);
  if (first === undefined) return undefined;
  const rpId = first.hostname;
  for (const { hostname } of origins.map(siteOf))
    if (hostname !== rpId && !hostname.endsWith(`.${rpId}`)) throw new Error(`${hostname} is not below ${rpId}`);
  return { rpId, origins };
}

/** Browsers offer passkeys to HTTPS pages and to localhost, by name and never by address. */
function siteOf(origin: string): URL {
  const url = URL.parse(origin);
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost');
  if (url?.origin !== origin || !secure || /^[\d.]+$|^\[/.test(url.hostname))
    throw new Error(`${origin} is no origin of an HTTPS page`);
  return url;
}
