/** What is wrong with an expression, in the words of whoever wrote it, and what to write instead. */
export interface Words {
  readonly message: string;
  readonly hint: string;
}

const pointHint = 'write numbers beside a measured value with a decimal point: 100.0';

/** @param fault what the library says, @param part the part that it points at, @param text the whole expression */
export function inWords(fault: string, part: string, text: string): Words {
  if (/^Exceeded max/.test(fault)) {
    return { message: `the expression is too large: ${fault}`, hint: 'divide it into computed points' };
  }
  return ofKinds(fault, part) ?? { message: messageOfSpelling(fault, part, text), hint: hintOfSpelling(fault, text) };
}

/** Numbers, texts, and what says yes or no, put together where they do not fit. */
function ofKinds(fault: string, part: string): Words | undefined {
  const [, left, operator, right] = /no such overload: (\w+) (\S+) (\w+)$/.exec(fault) ?? [];
  if (left !== undefined && operator !== undefined && right !== undefined) {
    const message = `"${operator}" cannot join ${kindText(left)} and ${kindText(right)}: ${part}`;
    return { message, hint: hintOfKinds(operator, [left, right]) };
  }
  if (/no such overload: [!-]/.test(fault)) {
    return { message: `${part} does not fit`, hint: '! stands before what says yes or no, - before a number' };
  }
  if (/no such overload|no matching overload/.test(fault)) {
    const hint = 'abs and sqrt take one number, min and max two or three, with a decimal point: max(a, 0.0)';
    return { message: `${part} does not fit`, hint };
  }
  const [, name] = /Unknown variable: (.+)$/.exec(fault) ?? [];
  if (name !== undefined) {
    const hint = 'list it under inputs:, and put texts in quotes';
    return { message: `"${name}" is no input of this expression`, hint };
  }
  const [, given = ''] = /^(?:Logical operator requires|Ternary condition must be) bool.*got '(\w+)'/.exec(fault) ?? [];
  if (given !== '') {
    return { message: `${kindText(given)} does not say yes or no: ${part}`, hint: "compare it: p > 3.0, run == 'on'" };
  }
  const [, one, other] = /^Ternary branches must have the same type, got '(\w+)' and '(\w+)'/.exec(fault) ?? [];
  if (one === undefined || other === undefined) return undefined;
  const hint = isWholeBesideMeasured([one, other]) ? pointHint : 'write two numbers, two texts, or two conditions';
  return { message: `one side of the : is ${kindText(one)}, the other ${kindText(other)}`, hint };
}

function hintOfKinds(operator: string, kinds: readonly string[]): string {
  if (operator === '%') return 'a remainder is one of whole numbers: int(a) % 2';
  if (isWholeBesideMeasured(kinds)) return pointHint;
  if (kinds.includes('bool')) return 'join conditions with && and ||: 1.0 < p && p < 3.0';
  return 'compare numbers with numbers, and states with their text in quotes';
}

function isWholeBesideMeasured(kinds: readonly string[]): boolean {
  return kinds.includes('int') && kinds.includes('double');
}

function messageOfSpelling(fault: string, part: string, text: string): string {
  if (part === '') return 'this is no expression in CEL: it ends too early';
  return `this is no expression in CEL: ${part === text ? fault : `"${part}" cannot stand here`}`;
}

/** What people write who know it from elsewhere. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/[\u3001-\u301f\uff01-\uff5e“”‘’]/, 'write brackets, commas, quotes and operators with the English keyboard'],
  [/\b(if|then|else)\b/i, 'write CONDITION ? ONE : OTHER'],
  [/\b(and|or|not)\b/i, 'write && for and, || for or, ! for not'],
  [/=>|=<|<>|[≥≤≠]/, 'write >=, <= and !='],
  [/(^|[^=<>!])=([^=]|$)/, 'write == to compare'],
  [/\d,\d/, 'write a decimal point: 1.5'],
  [/\d\s*([a-z°µ²³]|%\s*($|[^\s\w(]))/i, 'a number has no unit here: make it an input, {value: 3 bar}'],
];

function hintOfSpelling(fault: string, text: string): string {
  const bare = text.replaceAll(/'[^']*'|"[^"]*"/g, "''");
  const found = spellings.find(([pattern]) => pattern.test(bare));
  if (found) return found[1];
  if (/EOF/.test(fault)) return 'a bracket, a value, or the : behind a ? is missing';
  if (/Unterminated/.test(fault)) return 'the quote at its end is missing';
  return 'look for a bracket, a quote or an operator';
}

const kindTexts: Readonly<Record<string, string>> = {
  double: 'a measured number',
  int: 'a whole number',
  string: 'a text',
  bool: 'a yes or no',
};

function kindText(kind: string): string {
  return kindTexts[kind] ?? `a ${kind}`;
}
