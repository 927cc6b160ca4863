import { type Document, isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLError } from 'yaml';
import { siteLimits } from './limits.ts';
import type { Place, Problems } from './problem.ts';
import { createSource, placeAt, type Source, shorten, type Tree, type TreeEntry } from './tree.ts';

/** YAML text → tree, or undefined with the reasons among the problems. The only file that knows the yaml library. */
export function parseYaml(text: string, file: string, problems: Problems): Tree | undefined {
  const source = createSource(file, text.replace(/^\uFEFF/, ''));
  const document = compose(source, problems);
  if (!document) return undefined;
  const fault = document.errors[0] ?? document.warnings[0];
  // What follows a syntax error is guesswork of the parser's: only the first is worth a person's time.
  if (fault) reportSyntax(source, fault, problems);
  // %YAML 1.1 would turn `on` into true and 0700 into 448.
  else if (document.directives.yaml.explicit) reportDirective(source, problems);
  if (fault || document.directives.yaml.explicit) return undefined;
  const growth: Growth = { source, problems, anchors: new Map(), aliases: 0, isGivenUp: false };
  const tree = grow(document.contents, growth, 1);
  return growth.isGivenUp ? undefined : tree;
}

function compose(source: Source, problems: Problems): Document.Parsed | undefined {
  // A file of junk makes a million errors, and what each costs is the trace of its stack that nobody reads.
  const stackTraceLimit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    // Unique keys are checked below: the library compares each key with all others, which takes minutes for many.
    return parseDocument(source.text, {
      version: '1.2',
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    });
  } catch (thrown) {
    // The parser calls itself for each level, so it runs out of stack long before a person writes such a file.
    if (!(thrown instanceof RangeError)) throw thrown;
    reportDepth(placeAt(source, 0, 0), problems);
    return undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function reportDepth(place: Place, problems: Problems): void {
  problems.error(
    place,
    `more than ${siteLimits.maxDepth} levels of mappings and lists inside each other`,
    'a site file needs six: look for an opening bracket, brace or dash too many',
  );
}

/** What the library's error codes mean to a person. */
const syntaxTexts: Partial<Record<YAMLError['code'], readonly [message: string, hint: string]>> = {
  TAB_AS_INDENT: ['a tab is used for indentation', 'YAML is indented with spaces only: two for each level'],
  BAD_INDENT: ['the indentation does not fit the lines above', 'keys of one mapping start in the same column'],
  MULTIPLE_DOCS: ['the file holds more than one YAML document', 'remove the line with --- or ... and what follows it'],
  BLOCK_AS_IMPLICIT_KEY: ['a second ": " in one line', 'put the value in quotes, or begin a new line for the next key'],
  MULTILINE_IMPLICIT_KEY: ['a key that goes over several lines', 'is a colon missing behind the key of this line?'],
  MISSING_CHAR: [
    'a character is missing here',
    'close each bracket, brace and quote, and put a space behind each colon',
  ],
  UNEXPECTED_TOKEN: ['nobody expects this here', 'look for a bracket, a quote or a comma too many, or a colon missing'],
  BAD_SCALAR_START: ['a value may not begin with this character', 'put the value in quotes'],
  BAD_DQ_ESCAPE: ['a backslash in double quotes that means nothing', "use single quotes: '…'"],
  BLOCK_IN_FLOW: ['an indented block inside of brackets or braces', 'close the bracket or brace first'],
  BAD_ALIAS: ['an alias that YAML cannot read', 'put the value in quotes if it is to begin with *'],
  BAD_DIRECTIVE: ['a line that begins with % is an instruction to the YAML reader', 'remove the line'],
  KEY_OVER_1024_CHARS: ['a key of more than 1024 characters', 'is a colon missing further up?'],
  TAG_RESOLVE_FAILED: ['a tag (!…) that has no meaning in a site file', 'put the value in quotes, or remove the tag'],
  BAD_COLLECTION_TYPE: ['a tag (!…) that has no meaning in a site file', 'remove the tag'],
};

function reportDirective(source: Source, problems: Problems): void {
  const start = source.text.indexOf('%YAML');
  const [message, hint] = syntaxTexts.BAD_DIRECTIVE ?? ['', ''];
  problems.error(placeAt(source, start, start + '%YAML 1.1'.length), message, hint);
}

function explainSyntax(fault: YAMLError): readonly [message: string, hint: string] {
  const bracket = /end with a ([\]}])/.exec(fault.message)?.[1];
  if (bracket) return [`a closing ${bracket} is missing`, `it belongs above this place, behind the last value`];
  const quote = /Missing closing (["'])quote/.exec(fault.message)?.[1];
  if (quote) return [`a closing ${quote} is missing`, 'the text in quotes began further up and never ends'];
  return syntaxTexts[fault.code] ?? ['this is not YAML', `the reader says: ${shorten(fault.message)}`];
}

function reportSyntax(source: Source, fault: YAMLError, problems: Problems): void {
  const [start, end] = fault.pos;
  const lineEnd = source.text.indexOf('\n', start);
  const place = placeAt(source, start, Math.max(end, lineEnd === -1 ? source.text.length : lineEnd));
  if (fault.code === 'RESOURCE_EXHAUSTION') {
    reportDepth(place, problems);
    return;
  }
  const [message, hint] = explainSyntax(fault);
  const line = source.text.slice(source.text.lastIndexOf('\n', start - 1) + 1, start);
  // What stands behind `password:` by mistake must not spread into logs.
  const shown = /passw/i.test(line) ? '' : place.text;
  problems.error({ ...place, text: shown }, shown === '' ? message : `${message}: ${JSON.stringify(shown)}`, hint);
}

interface Growth {
  readonly source: Source;
  readonly problems: Problems;
  readonly anchors: Map<string, Tree>;
  aliases: number;
  /** Set with the first problem that makes the rest of the tree meaningless. */
  isGivenUp: boolean;
}

function grow(node: Node | null, growth: Growth, depth: number): Tree | undefined {
  if (growth.isGivenUp) return undefined;
  const [start, end] = node?.range ?? [growth.source.text.length, growth.source.text.length];
  if (depth > siteLimits.maxDepth) {
    reportDepth(placeAt(growth.source, start, end), growth.problems);
    growth.isGivenUp = true;
    return undefined;
  }
  if (isAlias(node)) return followAlias(node.source, start, end, growth);
  const tree = growContents(node, growth, depth);
  // Registered only when complete, so that nothing can contain itself.
  if (tree && node && 'anchor' in node && typeof node.anchor === 'string') growth.anchors.set(node.anchor, tree);
  return tree;
}

function growContents(node: Node | null, growth: Growth, depth: number): Tree | undefined {
  const [start, end] = node?.range ?? [growth.source.text.length, growth.source.text.length];
  const base = { source: growth.source, start, end };
  if (isMap(node)) return growMap(node, growth, depth);
  if (isSeq(node)) {
    const items: Tree[] = [];
    let weight = 1;
    for (const item of node.items) {
      const tree = grow(item as Node | null, growth, depth + 1);
      weight += tree?.weight ?? 0;
      if (!tree || !isAffordable(weight, start, end, growth)) return undefined;
      items.push(tree);
    }
    return { ...base, kind: 'list', items, weight };
  }
  return { ...base, kind: 'scalar', value: isScalar(node) ? plainValue(node.value) : null, weight: 1 };
}

function growMap(node: Node, growth: Growth, depth: number): Tree | undefined {
  if (!isMap(node)) return undefined;
  const [start, end] = node.range ?? [0, 0];
  const entries = new Map<string, TreeEntry>();
  let weight = 1;
  for (const { key, value } of node.items) {
    const entryKey = readKey(key, entries, growth);
    const tree = grow((value ?? key) as Node | null, growth, depth + 1);
    weight += (tree?.weight ?? 0) + 1;
    if (!tree || !isAffordable(weight, start, end, growth)) return undefined;
    // A key without a colon (`{a, b}`) has no value at all: it counts as empty.
    const held: Tree = value ? tree : { ...tree, kind: 'scalar', value: null, weight: 1 };
    if (entryKey) entries.set(entryKey.name, { keyStart: entryKey.start, keyEnd: entryKey.end, value: held });
  }
  return { source: growth.source, start, end, kind: 'map', entries, weight };
}

/** Undefined, with the reason reported, for a key that cannot be one. */
function readKey(
  key: unknown,
  entries: ReadonlyMap<string, TreeEntry>,
  growth: Growth,
): { name: string; start: number; end: number } | undefined {
  const [start, end] = (isScalar(key) || isMap(key) || isSeq(key) || isAlias(key) ? key.range : undefined) ?? [0, 0];
  const name = isScalar(key) && key.value !== null ? String(key.value) : undefined;
  const twice = name === undefined ? undefined : entries.get(name);
  if (name !== undefined && name !== '<<' && name !== '__proto__' && !twice) return { name, start, end };
  const place = placeAt(growth.source, start, end);
  if (name === undefined) {
    growth.problems.error(place, `${quoted(place.text)} cannot be a key`, 'write a name followed by a colon');
  } else if (name === '<<') {
    growth.problems.error(place, 'merge keys (<<) are not read', 'put what devices share into a profile');
    growth.isGivenUp = true;
  } else if (name === '__proto__') {
    growth.problems.error(place, 'the key "__proto__" is not allowed', 'remove it');
  } else if (twice) {
    const { line } = placeAt(growth.source, twice.keyStart, twice.keyEnd);
    growth.problems.error(place, `the key ${quoted(name)} stands twice, first in line ${line}`, 'keep one of them');
  }
  return undefined;
}

function followAlias(name: string, start: number, end: number, growth: Growth): Tree | undefined {
  const place = placeAt(growth.source, start, end);
  growth.aliases += 1;
  const target = growth.anchors.get(name);
  if (!target) {
    growth.problems.error(
      place,
      `no &${name} stands above this *${name}`,
      'put the text in quotes if no alias is meant',
    );
  } else if (growth.aliases > siteLimits.maxAliases) {
    growth.problems.error(
      place,
      `more than ${siteLimits.maxAliases} aliases in one file`,
      'put what devices share into a profile',
    );
  } else {
    return target;
  }
  growth.isGivenUp = true;
  return undefined;
}

function isAffordable(weight: number, start: number, end: number, growth: Growth): boolean {
  if (weight <= siteLimits.maxNodes) return true;
  growth.problems.error(
    placeAt(growth.source, start, end),
    `the file stands for more than ${siteLimits.maxNodes} values`,
    'its aliases multiply: write out what is meant, or use a profile',
  );
  growth.isGivenUp = true;
  return false;
}

function plainValue(value: unknown): string | number | boolean | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function quoted(text: string): string {
  return JSON.stringify(shorten(text));
}
