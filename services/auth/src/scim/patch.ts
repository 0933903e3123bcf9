/**
 * Patches: a resource after the operations of a PatchOp, all of them or none.
 *
 * Source: RFC 7644 § 3.5.2. Beyond it, as directories need it: what is added to or replaced in values of which none fits is
 * put in, with what the path selects by (`phoneNumbers[type eq "work"].value`, for somebody without one); members of a value
 * without a path may be paths themselves; members of a list are removed by saying them as the value. What a schema does
 * not know is passed over as it is in a resource, but for a path that names an attribute of ours that is none.
 */
import { comparisonsOf, equalities, fits, readTarget, type Target } from './filter.js';
import { refuse, type Json } from './protocol.js';
import { put, readOne, readValue, type Draft } from './reading.js';
import type { Path, Vocabulary } from './vocabulary.js';

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const OPERATION_LIMIT = 1_000;
/** Looks at values of lists that one patch may take. */
const LOOK_LIMIT = 4_000_000;

interface Operation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly target: Target;
  readonly value: unknown;
}

/** @throws 400 `invalidSyntax` | `invalidPath` | `invalidValue` | `noTarget` | `mutability` */
export function patchedBy(vocabulary: Vocabulary, resource: Json, body: Json): Json {
  const draft = JSON.parse(JSON.stringify(resource)) as Draft;
  let looks = 0;
  for (const sent of operationsOf(body))
    for (const one of readOperation(vocabulary, sent)) {
      looks += looksOf(draft, one);
      if (looks > LOOK_LIMIT) refuse(400, 'the patch looks at too many values: send it in parts', 'tooMany');
      carryOut(draft, one);
    }
  return withoutEmpty(draft);
}

/** What has lost all its parts is not there. */
function withoutEmpty(value: Json): Json {
  const members = Object.entries(value).flatMap(([name, member]) => {
    const kept = isObject(member) && !Array.isArray(member) ? withoutEmpty(member) : member;
    return isObject(kept) && Object.keys(kept).length === 0 ? [] : [[name, kept]];
  });
  return Object.fromEntries(members) as Json;
}

function operationsOf(body: Json): readonly unknown[] {
  const schemas = memberOf(body, 'schemas');
  if (!Array.isArray(schemas) || !schemas.includes(PATCH)) refuse(400, `expected ${PATCH}`, 'invalidSyntax');
  const operations = memberOf(body, 'operations');
  if (!Array.isArray(operations) || operations.length === 0) refuse(400, 'there are no Operations', 'invalidSyntax');
  const count = (operations as unknown[]).length;
  return count <= OPERATION_LIMIT
    ? (operations as unknown[])
    : refuse(400, `a patch has at most ${OPERATION_LIMIT} operations`, 'invalidValue');
}

/** A member of a message, whose names are the same in every case. */
const memberOf = (body: object, name: string): unknown =>
  Object.entries(body).find(([one]) => one.toLowerCase() === name)?.[1];

function readOperation(vocabulary: Vocabulary, sent: unknown): readonly Operation[] {
  if (!isObject(sent)) return refuse(400, 'an operation is an object', 'invalidSyntax');
  const [word, path, value] = ['op', 'path', 'value'].map((name) => memberOf(sent, name));
  const op = (['add', 'remove', 'replace'] as const).find((one) => one === String(word).toLowerCase());
  if (!op) return refuse(400, 'an operation adds, removes or replaces', 'invalidSyntax');
  if (op === 'add' && value === undefined) return refuse(400, 'add has no value', 'invalidValue');
  if (path === undefined || path === null || path === '') return readWhole(vocabulary, op, value);
  if (typeof path !== 'string') return refuse(400, 'a path is text', 'invalidPath');
  const target = readTarget(vocabulary, path);
  if (target) return ofTarget(op, target, value) ?? refuse(400, 'the server alone says this', 'mutability');
  const isForeign = /^urn:/i.test(path) && !vocabulary.schemas.some((one) => isWithin(path, one));
  return isForeign ? [] : refuse(400, 'the path names an attribute that is not known', 'invalidPath');
}

const isWithin = (path: string, schema: string): boolean => path.toLowerCase().startsWith(schema.toLowerCase());

/** Without a path the value is some of a resource; its members may be paths. */
function readWhole(vocabulary: Vocabulary, op: Operation['op'], value: unknown): readonly Operation[] {
  if (op === 'remove') return refuse(400, 'what is removed is named by a path', 'noTarget');
  if (!isObject(value) || Array.isArray(value))
    return refuse(400, 'without a path the value is an object', 'invalidValue');
  return Object.entries(value).flatMap(([path, member]) => {
    const target = readTarget(vocabulary, path);
    return (target && ofTarget(op, target, member)) ?? [];
  });
}

/** @returns undefined where only the server may write */
function ofTarget(op: Operation['op'], target: Target, value: unknown): readonly Operation[] | undefined {
  // Schemas follow from what is said.
  if (target.path[0].name === 'schemas') return [];
  return [...target.path, ...(target.part ? [target.part] : [])].some(({ isReadOnly }) => isReadOnly)
    ? undefined
    : [{ op, target: inValues(target), value }];
}

/** `emails.value` is a part of all the values. */
function inValues({ path, values, part }: Target): Target {
  const isPart = path.length > 1 && path.at(-2)!.isMany;
  if (isPart) return { path: path.slice(0, -1) as unknown as Path, values: EVERY, part: path.at(-1)! };
  return { path, ...(values && { values }), ...(part && { part }) };
}

const EVERY: NonNullable<Target['values']> = { is: 'and', of: [] };

/** How often an operation looks at a value of its list. */
function looksOf(draft: Draft, { op, target: { path, values }, value }: Operation): number {
  if (!path.at(-1)!.isMany) return 0;
  const said = op === 'remove' && !values ? [value].flat().filter(isObject) : [];
  const unnamed = said.filter((one) => keyOf(one) === undefined).length;
  return listAt(draft, path).length * (1 + unnamed + (values ? comparisonsOf(values) : 0));
}

function carryOut(draft: Draft, { op, target, value }: Operation): void {
  const { path, values } = target;
  const attribute = path.at(-1)!;
  if (values) return inList(draft, { op, target, value });
  if (op === 'remove') return remove(draft, path, value);
  const read = readValue(attribute, value);
  if (read === undefined) return op === 'replace' ? remove(draft, path, undefined) : undefined;
  if (!attribute.isMany) return put(draft, path, read);
  const before = op === 'add' ? listAt(draft, path) : [];
  const added = withoutKnown(before, read as unknown[]);
  put(draft, path, solePrimary([...before, ...added], new Set(added)));
}

function remove(draft: Draft, path: Path, value: unknown): void {
  const at = outer(draft, path);
  const { name, isMany } = path.at(-1)!;
  if (at && isMany && value !== undefined && value !== null)
    put(draft, path, without(listAt(draft, path), readValue(path.at(-1)!, value) as unknown[]));
  else delete at?.[name];
}

/** Changes values of a list that fit, or a part of each. */
function inList(draft: Draft, { op, target, value }: Operation): void {
  const { path, part } = target;
  const attribute = path.at(-1)!;
  const list = listAt(draft, path);
  const isMeant = (one: unknown): boolean => isObject(one) && fits(target.values!, one);
  const read = op === 'remove' ? undefined : readOne(part ?? attribute, Array.isArray(value) ? value[0] : value);
  if (op === 'add' && read === undefined) return;
  if (read !== undefined && !list.some(isMeant)) {
    const selected = seed(target) ?? refuse(400, 'the path selects nothing', 'noTarget');
    const added = { ...selected, ...(part ? { [part.name]: read } : (read as Draft)) };
    return put(draft, path, solePrimary([...list, added], new Set([added])));
  }
  const changed = new Set<unknown>();
  const after = list.flatMap((one) => {
    if (!isMeant(one)) return [one];
    const next = part
      ? { ...(one as Draft), [part.name]: read }
      : read && { ...(op === 'add' ? (one as Draft) : seed(target)), ...(read as Draft) };
    changed.add(next);
    return isWorthKeeping(next) ? [next] : [];
  });
  put(draft, path, solePrimary(after, changed));
}

/** What the path selects by, if that makes a value. */
function seed({ values }: Target): Draft | undefined {
  const equal = equalities(values!);
  const isAll = values!.is === 'and' ? values!.of.length === equal.length : equal.length === 1;
  if (!isAll || equal.some(([, operand]) => operand === null)) return undefined;
  return Object.fromEntries(equal.map(([path, operand]) => [path[0].name, operand]));
}

/** A value of which only a label is left is none. */
const isWorthKeeping = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value).some(([name, part]) => part !== undefined && name !== 'type' && name !== 'primary');

/** One value is primary: of several the one that was said last (RFC 7644 § 3.5.2). */
function solePrimary(list: readonly unknown[], said: ReadonlySet<unknown>): unknown[] {
  const isPrimary = (one: unknown) => isObject(one) && one['primary'] === true;
  if (![...said].some(isPrimary)) return [...list];
  return list.map((one) => (isPrimary(one) && !said.has(one) ? { ...(one as Draft), primary: false } : one));
}

/** What is in neither list yet. */
function withoutKnown(known: readonly unknown[], added: readonly unknown[]): unknown[] {
  const keys = new Set(added.map(keyOf));
  const said = new Set(known.filter((one) => keys.has(keyOf(one))).map(spelled));
  return added.filter((one) => {
    const isNew = !said.has(spelled(one));
    said.add(spelled(one));
    return isNew;
  });
}

/** The same for values that say the same. */
const spelled = (value: unknown): string =>
  JSON.stringify(isObject(value) ? Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)) : value);

const keyOf = (value: unknown): unknown => (isObject(value) ? value['value'] : value);

/** The list without what is said to be removed, which is named by its value or else by all that is said of it. */
function without(list: readonly unknown[], removed: readonly unknown[]): unknown[] {
  const keys = new Set<unknown>(removed.map(keyOf).filter((key) => key !== undefined));
  const others = removed.filter((one) => keyOf(one) === undefined && isObject(one)) as Json[];
  const isRemoved = (one: unknown): boolean =>
    keys.has(keyOf(one)) ||
    others.some((other) => Object.entries(other).every(([name, part]) => isObject(one) && one[name] === part));
  return list.filter((one) => !isRemoved(one));
}

const outer = (draft: Draft, path: Path): Draft | undefined =>
  path.slice(0, -1).reduce((at: Draft | undefined, { name }) => at?.[name] as Draft | undefined, draft);
const listAt = (draft: Draft, path: Path): readonly unknown[] =>
  (outer(draft, path)?.[path.at(-1)!.name] as readonly unknown[] | undefined) ?? [];
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
