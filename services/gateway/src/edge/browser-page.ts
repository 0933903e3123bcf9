import type { FastifyReply } from 'fastify';

/** A page for a browser on its way through a sign-in; it holds what it is told and loads one script at most. */
export function sendPage(
  reply: FastifyReply,
  status: number,
  page: { title: string; body: string; script?: string },
): FastifyReply {
  const script = page.script === undefined ? '' : `<script src="${page.script}" defer></script>`;
  return reply
    .status(status)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
        `<title>${page.title}</title>${script}<body>${page.body}</body></html>`,
    );
}

/** Text as an attribute's value or an element's content. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
