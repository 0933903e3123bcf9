/** What a page must keep for people who do not see it well, or not at all, or on a small screen. */
import type { Page } from 'playwright-core';

/** Roles that do something: each needs a name to be told apart by. */
const CONTROLS = new Set([
  'button',
  'link',
  'textbox',
  'searchbox',
  'combobox',
  'checkbox',
  'radio',
  'menuitem',
  'img',
]);
const CONTRAST = 4.5;
const CONTRAST_OF_LARGE = 3;

/** Faults of the page as it stands: unnamed controls, landmarks, pale text. */
export async function auditPage(page: Page): Promise<string[]> {
  return [...(await unnamed(page)), ...(await page.evaluate(structureFaults)), ...(await paleText(page))];
}

/** By how many pixels the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Controls without a name in the browser's own accessibility tree. */
async function unnamed(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes
    .filter(
      ({ ignored, role, name }) => !ignored && CONTROLS.has(String(role?.value)) && !String(name?.value ?? '').trim(),
    )
    .map(({ role }) => `a ${role?.value} has no name`);
}

function structureFaults(): string[] {
  const count = (selector: string): number => document.querySelectorAll(selector).length;
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  return [
    ...(count('h1') === 1 ? [] : [`${count('h1')} headings of level 1`]),
    ...(count('main') === 1 ? [] : [`${count('main')} main landmarks`]),
    ...(document.documentElement.lang === 'en' ? [] : ['the page does not name its language']),
    ...(document.title.endsWith('Conclave') ? [] : [`the title is “${document.title}”`]),
    ...(new Set(ids).size === ids.length ? [] : ['the same id twice']),
  ];
}

/** Text that does not stand out from its ground: WCAG 2.2, 1.4.3. Grounds that are gradients are taken by their element's own colour. */
async function paleText(page: Page): Promise<string[]> {
  const samples = await page.evaluate(sampleText);
  const faults = samples
    .filter(({ ink, ground, large }) => contrast(ink, ground) < (large ? CONTRAST_OF_LARGE : CONTRAST))
    .map(
      ({ text, ink, ground }) =>
        `“${text}” has a contrast of ${contrast(ink, ground).toFixed(2)} (${ink.join()} on ${ground.join()})`,
    );
  return [...new Set(faults)];
}

type Colour = readonly number[];
interface Sample {
  readonly text: string;
  readonly ink: Colour;
  readonly ground: Colour;
  readonly large: boolean;
}

/** Runs in the page: every visible text with the colours it is painted in. */
function sampleText(): Sample[] {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  const remembering = <K, V>(find: (key: K) => V): ((key: K) => V) => {
    const known = new Map<K, V>();
    return (key) => {
      if (!known.has(key)) known.set(key, find(key));
      return known.get(key)!;
    };
  };
  const rgba = remembering((colour: string): readonly number[] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  });
  const over = (top: readonly number[], below: readonly number[], opacity = 1): number[] => {
    const share = (top[3]! / 255) * opacity;
    return [0, 1, 2].map((at) => Math.round(top[at]! * share + below[at]! * (1 - share)));
  };
  const groundOf: (element: Element) => readonly number[] = remembering((element) => {
    const own = rgba(getComputedStyle(element).backgroundColor);
    return element.parentElement && own[3] !== 255 ? over(own, groundOf(element.parentElement)) : own.slice(0, 3);
  });
  const opacityOf: (element: Element) => number = remembering((element) => {
    const own = Number(getComputedStyle(element).opacity);
    return element.parentElement ? own * opacityOf(element.parentElement) : own;
  });
  const samples: Sample[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? '';
    if (!element || !text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const disabled = element.closest('[disabled], [data-disabled], [aria-disabled=true], noscript, script, style');
    if (box.width < 2 || box.height < 2 || disabled) continue;
    const ground = groundOf(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ink = over(rgba(style.color), ground, opacityOf(element));
    samples.push({ text: text.slice(0, 40), ink, ground, large });
  }
  return samples;
}

/** WCAG 2.2, contrast ratio of two colours. */
function contrast(a: Colour, b: Colour): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
