import { ConclaveError, idOf, type IdKind } from '@conclave/contracts';

/** The `after` of a page query, which is the id of the last item seen. @throws ConclaveError `request.invalid` when it is no such id */
export function cursorOf(kind: IdKind, after: string | undefined): string | null {
  if (after === undefined) return null;
  if (idOf(kind).safeParse(after).success) return after;
  throw new ConclaveError('request.invalid', { issues: [{ path: 'after', message: 'expected the `next` of a page' }] });
}
