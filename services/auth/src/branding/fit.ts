/** What can be shown at the door: a colour that white text is readable on (WCAG 2.2 § 1.4.3), and a picture that is one. */
import { ConclaveError, tenants } from '@conclave/contracts';

const LEAST_CONTRAST = 4.5;
const MOST_PIXELS = 512;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const END = Buffer.from('0000000049454e44ae426082', 'hex');

const unfit = (reason: string): ConclaveError => new ConclaveError('auth.branding.unfit', { reason });

/** @throws ConclaveError `auth.branding.unfit` */
export function refuseUnreadable(accent: string): void {
  const contrast = 1.05 / (luminanceOf(accent) + 0.05);
  if (contrast < LEAST_CONTRAST)
    throw unfit(`white text on ${accent} has a contrast of ${contrast.toFixed(2)}, less than ${LEAST_CONTRAST}`);
}

/** Relative luminance of `#rrggbb`. */
function luminanceOf(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @throws ConclaveError `auth.branding.unfit` */
export function refuseNoPng(base64: string): void {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > tenants.LOGO_LIMIT_BYTES) throw unfit(`the logo is larger than ${tenants.LOGO_LIMIT_BYTES} bytes`);
  const isPng =
    bytes.length > 45 &&
    bytes.subarray(0, 8).equals(SIGNATURE) &&
    bytes.subarray(8, 16).toString('latin1') === '\0\0\0\rIHDR' &&
    bytes.subarray(-12).equals(END);
  if (!isPng) throw unfit('the logo is no PNG');
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width === 0 || height === 0 || width > MOST_PIXELS || height > MOST_PIXELS)
    throw unfit(`the logo is ${width} by ${height} pixels; at most ${MOST_PIXELS} by ${MOST_PIXELS} are shown`);
}
