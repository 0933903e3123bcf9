/**
 * Filters: what a directory asks for, read into a tree and tried on resources.
 *
 * Source: RFC 7644 § 3.4.2.2 (grammar and meaning). A text is at most 1,000 characters with 60 comparisons, 12 levels deep;
 * trying it on a resource looks at each comparison once. Names are looked up in the vocabulary, never made of what was
 * sent. Beyond the grammar, as directories need it: booleans as words (`primary eq "True"`), a complex attribute
 * compared by its `value`.
 */
import { refuse, type Json } from './protocol.js';
import { pathOf, type Attribute, type Path, type Vocabulary } from './vocabulary.js';

const LENGTH_LIMIT = 1_000;
const TERM_LIMIT = 60;
const DEPTH_LIMIT = 12;
const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;

const OF_TEXT: ReadonlySet<string> = new Set(['co', 'sw', 'ew']);

type Operator = (typeof OPERATORS)[number];
type Operand = string | number | boolean | null;

export type Filter =
  | { readonly is: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly is: 'not'; readonly of: Filter }
  | { readonly is: 'present'; readonly path: Path }
  | {
      readonly is: 'compared';
      readonly path: Path;
      readonly by: Operator;
      readonly to: Operand;
      readonly as: Comparable;
    }
  /** One of the values at the path fits a filter of its own. */
  | { readonly is: 'any'; readonly path: Path; readonly of: Filter };

/** What an operation of a patch is about: an attribute, those of its values that fit, and a part of each. */
export interface Target {
  readonly path: Path;
  readonly values?: Filter;
  readonly part?: Attribute;
}

/** @throws 400 `invalidFilter` */
export function readFilter(vocabulary: Vocabulary, text: string): Filter {
  const reader = new Reader(text, 'invalidFilter');
  const filter = reader.disjunction(vocabulary);
  reader.mustEnd();
  return filter;
}

/** The target of a patch; undefined for an attribute that is unknown. @throws 400 `invalidPath` */
export function readTarget(vocabulary: Vocabulary, text: string): Target | undefined {
  const reader = new Reader(text, 'invalidPath');
  const path = pathOf(vocabulary, reader.word());
  const inside = path && { schemas: [], words: path.at(-1)!.parts };
  if (!reader.takes('[')) {
    reader.mustEnd();
    return path && { path };
  }
  if (!inside || !path.at(-1)!.isMany) return refuse(400, 'the path selects of what has no values', 'invalidPath');
  const values = reader.disjunction(inside);
  reader.must(']');
  const name = reader.takesWord(/^\.[^.]+$/)?.slice(1);
  reader.mustEnd();
  const part = name === undefined ? undefined : inside.words.get(name.toLowerCase());
  if (name !== undefined && !part) return refuse(400, 'the path names no part of the attribute', 'invalidPath');
  return { path, values, ...(part && { part }) };
}

class Reader {
  private readonly tokens: readonly string[];
  private at = 0;
  private terms = 0;
  private depth = 0;

  constructor(
    text: string,
    private readonly scimType: 'invalidFilter' | 'invalidPath',
  ) {
    if (text.length > LENGTH_LIMIT) this.fail(`is longer than ${LENGTH_LIMIT} characters`);
    if (text.includes('\0') || !text.isWellFormed()) this.fail('holds a character that no text has');
    this.tokens = text.match(/[()[\]]|"(?:[^"\\]|\\.)*"|[^\s()[\]"]+|"/gs) ?? [];
  }

  fail(reason: string): never {
    return refuse(400, `the ${this.scimType === 'invalidPath' ? 'path' : 'filter'} ${reason}`, this.scimType);
  }

  takes(token: string): boolean {
    const isNext = this.tokens[this.at]?.toLowerCase() === token;
    if (isNext) this.at += 1;
    return isNext;
  }

  must(token: string): void {
    if (!this.takes(token)) this.fail(`has no "${token}" where one is expected`);
  }

  mustEnd(): void {
    if (this.at < this.tokens.length) this.fail('goes on after its end');
  }

  takesWord(pattern: RegExp): string | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || !pattern.test(token)) return undefined;
    this.at += 1;
    return token;
  }

  word(): string {
    return this.takesWord(/^[^()[\]"]+$/) ?? this.fail('names no attribute where one is expected');
  }

  disjunction(vocabulary: Vocabulary): Filter {
    if (++this.depth > DEPTH_LIMIT) this.fail(`is more than ${DEPTH_LIMIT} levels deep`);
    const of = [this.conjunction(vocabulary)];
    while (this.takes('or')) of.push(this.conjunction(vocabulary));
    this.depth -= 1;
    return of.length === 1 ? of[0]! : { is: 'or', of };
  }

  private conjunction(vocabulary: Vocabulary): Filter {
    const of = [this.term(vocabulary)];
    while (this.takes('and')) of.push(this.term(vocabulary));
    return of.length === 1 ? of[0]! : { is: 'and', of };
  }

  private term(vocabulary: Vocabulary): Filter {
    if (this.takes('not')) {
      this.must('(');
      return { is: 'not', of: this.grouped(vocabulary) };
    }
    if (this.takes('(')) return this.grouped(vocabulary);
    if (++this.terms > TERM_LIMIT) this.fail(`compares more than ${TERM_LIMIT} times`);
    const path = pathOf(vocabulary, this.word()) ?? this.fail('names an attribute that is not known');
    if (this.takes('[')) {
      const of = this.disjunction({ schemas: [], words: path.at(-1)!.parts });
      this.must(']');
      return { is: 'any', path, of };
    }
    return this.takes('pr') ? { is: 'present', path } : this.comparison(path);
  }

  private grouped(vocabulary: Vocabulary): Filter {
    const of = this.disjunction(vocabulary);
    this.must(')');
    return of;
  }

  private comparison(path: Path): Filter {
    const by = OPERATORS.find((one) => this.takes(one)) ?? this.fail('compares with no operator');
    const operand = this.operand();
    const last = path.at(-1)!;
    const value = last.parts.get('value');
    if (last.type === 'complex' && !value && operand !== null) this.fail('compares what has parts, and names none');
    const [compared, at] = last.type === 'complex' && value ? [value, [...path, value] as const] : [last, path];
    const to = this.fitting(compared, by, operand);
    const as = to === null ? '' : comparable(compared, to, !OF_TEXT.has(by));
    return { is: 'compared', path: at, by, to, as };
  }

  private operand(): Operand {
    const token = this.tokens[this.at++] ?? this.fail('compares with nothing');
    if (/^(?:true|false|null)$/i.test(token)) return JSON.parse(token.toLowerCase()) as Operand;
    try {
      const value: unknown = JSON.parse(token);
      if (typeof value === 'number') return value;
      if (typeof value === 'string' && !value.includes('\0') && value.isWellFormed()) return value;
    } catch {
      this.fail('compares with what is no JSON');
    }
    return this.fail('compares with what cannot be compared');
  }

  /** The operand as values of the attribute are. */
  private fitting({ type }: Attribute, by: Operator, operand: Operand): Operand {
    const isEquality = by === 'eq' || by === 'ne';
    if (operand === null) return isEquality ? null : this.fail('orders by nothing');
    if (type === 'boolean') {
      const word = String(operand).toLowerCase();
      if (!isEquality || !/^(?:true|false)$/.test(word)) this.fail('compares a boolean with what is none');
      return word === 'true';
    }
    if (type === 'dateTime' && !OF_TEXT.has(by)) {
      const at = Date.parse(String(operand));
      return Number.isNaN(at) ? this.fail('compares a time with what is none') : at;
    }
    return String(operand);
  }
}

/** Whether the resource fits. */
export function fits(filter: Filter, resource: Json): boolean {
  switch (filter.is) {
    case 'and':
      return filter.of.every((one) => fits(one, resource));
    case 'or':
      return filter.of.some((one) => fits(one, resource));
    case 'not':
      return !fits(filter.of, resource);
    case 'present':
      return valuesAt(resource, filter.path).some(isSomething);
    case 'any':
      return valuesAt(resource, filter.path).some((one) => isObject(one) && fits(filter.of, one));
    case 'compared': {
      const [{ name }] = filter.path;
      const value = filter.path.length === 1 ? resource[name] : undefined;
      // Most there is to look at: a member of a group by its value.
      if (typeof value === 'string' && value !== '')
        return filter.to === null ? filter.by === 'ne' : isOne(filter, value);
      return isAny(filter, valuesAt(resource, filter.path).filter(isSomething));
    }
  }
}

type Compared = Extract<Filter, { is: 'compared' }>;

function isAny(filter: Compared, values: readonly unknown[]): boolean {
  if (filter.to === null) return (filter.by === 'eq') === (values.length === 0);
  if (filter.by === 'ne' && values.length === 0) return true;
  return values.some((value) => isOne(filter, value));
}

const isOne = ({ path, by, as }: Compared, value: unknown): boolean =>
  COMPARISONS[by](comparable(path.at(-1)!, value, !OF_TEXT.has(by)), as);

type Comparable = string | number | boolean;

const text = (test: (a: string, b: string) => boolean) => (a: Comparable, b: Comparable) => test(String(a), String(b));

const COMPARISONS: Readonly<Record<Operator, (a: Comparable, b: Comparable) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  co: text((a, b) => a.includes(b)),
  sw: text((a, b) => a.startsWith(b)),
  ew: text((a, b) => a.endsWith(b)),
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
};

function comparable({ type, isCaseExact }: Attribute, value: unknown, isTime: boolean): Comparable {
  if (type === 'boolean') return value === true;
  if (isTime && type === 'dateTime') return typeof value === 'number' ? value : Date.parse(String(value));
  return isCaseExact ? String(value) : String(value).toLowerCase();
}

/** All values at a path; of a list those of each. */
export function valuesAt(resource: Json, path: readonly Attribute[]): readonly unknown[] {
  let values: readonly unknown[] = [resource];
  for (const { name } of path) values = values.flatMap((one) => (isObject(one) ? [one[name]].flat() : []));
  return values;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const isSomething = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(isObject(value) && Object.keys(value).length === 0);

/** What has to be equal whenever the filter fits, by attributes of the resource itself. */
export function equalities(filter: Filter): readonly (readonly [Path, Operand])[] {
  if (filter.is === 'and') return filter.of.flatMap(equalities);
  return filter.is === 'compared' && filter.by === 'eq' ? [[filter.path, filter.to]] : [];
}

/** How often the filter compares. */
export function comparisonsOf(filter: Filter): number {
  if (filter.is === 'and' || filter.is === 'or') return filter.of.reduce((sum, one) => sum + comparisonsOf(one), 0);
  return filter.is === 'not' || filter.is === 'any' ? comparisonsOf(filter.of) : 1;
}

/** Whether the filter looks at an attribute of the resource. */
export function mentions(filter: Filter, name: string): boolean {
  if ('path' in filter) return filter.path[0].name === name;
  return filter.is === 'not' ? mentions(filter.of, name) : filter.of.some((one) => mentions(one, name));
}
