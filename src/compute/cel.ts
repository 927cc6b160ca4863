import { type ASTNode, type Context, Environment, ParseError, TypeError as TypeFault } from '@marcbachmann/cel-js';
import { messageOf } from '../base/errors.ts';
import { inWords } from './cel-words.ts';

/*
 * The only file that knows the CEL library. What it lets through is a part of CEL whose cost is bounded by the length of
 * the text: no macro that walks a list, no regular expression, no time. Everything is checked when the site is loaded.
 */

/** What an input is to an expression: a measured number, the text of a state, or whether an alarm's condition stands. */
export type CelType = 'double' | 'string' | 'bool';
export type CelValue = number | string | boolean;

export interface CompiledCel {
  readonly kind: 'compiled';
  /** What the expression gives; `number` for CEL's double, int and uint. */
  readonly result: 'number' | 'string' | 'bool';
  readonly comparedTexts: readonly ComparedText[];
  /** What it can give, where that is a text; one that is an input's is not among them. */
  readonly givenTexts: readonly WrittenText[];
  /** The value, or undefined where it has none: a division by zero, a number that is not finite. Never throws. */
  evaluate(values: Readonly<Record<string, CelValue>>): CelValue | undefined;
}

/** A text that stands in quotes in an expression. */
export interface WrittenText {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One that an input is compared with: `run == 'off'`, `run in ['off', 'fault']`. */
export interface ComparedText extends WrittenText {
  readonly input: string;
}

/** `start` and `end` are offsets into the text. */
export interface WrongCel {
  readonly kind: 'wrong';
  readonly message: string;
  readonly hint: string;
  readonly start: number;
  readonly end: number;
}

/** What goes beyond one is refused when the site is loaded. */
export const celLimits = {
  /** Characters of an expression. */
  maxLength: 1_000,
  /** Parts: each operator, name, number and call is one. */
  maxNodes: 200,
  /** Levels of brackets and calls inside each other. */
  maxDepth: 20,
} as const;

/** Ours, beside the part of CEL that is let through. */
const ownFunctions: readonly (readonly [signature: string, run: (...values: number[]) => number])[] = [
  ['abs(double): double', Math.abs],
  ['sqrt(double): double', Math.sqrt],
  ['min(double, double): double', Math.min],
  ['min(double, double, double): double', Math.min],
  ['max(double, double): double', Math.max],
  ['max(double, double, double): double', Math.max],
];

const functions = ['abs', 'sqrt', 'min', 'max', 'double', 'int', 'size'];
const methods = ['startsWith', 'endsWith', 'contains', 'size'];
const known = `the functions are ${functions.join(', ')}; the methods of a text ${methods.join(', ')}`;

/** Words that CEL keeps for itself, and names of its types and functions: no input can be called so. */
const reserved = new Set([
  ...'in true false null as break const continue else for function if import let loop package namespace return'.split(
    ' ',
  ),
  ...'var void while int uint double bool string bytes list map type dyn null_type google cel optional'.split(' '),
  ...'timestamp duration has all exists exists_one filter size matches constructor prototype'.split(' '),
  ...functions,
]);

export function isReservedName(name: string): boolean {
  return reserved.has(name) || name.startsWith('__');
}

/** Text → something to evaluate, or what is wrong with it and where. `inputs`: the type of each name it may use. */
export function compileCel(text: string, inputs: ReadonlyMap<string, CelType>): CompiledCel | WrongCel {
  const whole = { kind: 'wrong', start: 0, end: text.length } as const;
  if (text.length > celLimits.maxLength) {
    const message = `an expression of ${text.length} characters`;
    return { ...whole, message, hint: `it may have ${celLimits.maxLength}: divide it into computed points` };
  }
  try {
    const environment = createEnvironment(inputs);
    const program = environment.parse(text);
    const refused = findRefused(program.ast);
    if (refused) return refused;
    const { valid, type, error } = program.check();
    if (!valid) return explain(error, text);
    const result = resultOf(type);
    if (!result) {
      return {
        ...whole,
        message: `the expression gives a ${type}`,
        hint: 'it has to give a number, a text, or yes or no',
      };
    }
    const texts = { comparedTexts: comparedTexts(program.ast), givenTexts: givenTexts(program.ast) };
    return { kind: 'compiled', result, ...texts, evaluate: values => plainValue(program, values) };
  } catch (thrown) {
    return explain(thrown, text);
  }
}

function createEnvironment(inputs: ReadonlyMap<string, CelType>): Environment {
  const environment = new Environment({
    limits: { maxAstNodes: celLimits.maxNodes, maxDepth: celLimits.maxDepth, maxListElements: 50, maxMapEntries: 0 },
  });
  for (const [signature, run] of ownFunctions) environment.registerFunction(signature, run);
  for (const [name, type] of inputs) environment.registerVariable(name, type);
  return environment;
}

function plainValue(program: (context: Context) => unknown, values: Context): CelValue | undefined {
  let value: unknown;
  try {
    value = program(values);
  } catch {
    // A division by zero of whole numbers, a text that is no number.
    return undefined;
  }
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

function resultOf(type: string | undefined): CompiledCel['result'] | undefined {
  if (type === 'double' || type === 'int' || type === 'uint') return 'number';
  return type === 'string' || type === 'bool' ? type : undefined;
}

/** The first part of an expression that is not let through. */
function findRefused(node: ASTNode): WrongCel | undefined {
  const at = { kind: 'wrong', start: node.range.start, end: node.range.end, hint: known } as const;
  switch (node.op) {
    case 'call':
      if (!functions.includes(node.args[0]))
        return { ...at, message: `no function "${node.args[0]}" can be used here` };
      break;
    case 'rcall':
      if (!methods.includes(node.args[0])) return { ...at, message: `no method "${node.args[0]}" can be used here` };
      break;
    case '.':
    case '.?':
    case '[]':
    case '[?]':
    case 'map':
      return { ...at, message: 'an input has no parts', hint: 'give each value an input of its own' };
  }
  for (const part of partsOf(node)) {
    const refused = findRefused(part);
    if (refused) return refused;
  }
  return undefined;
}

/** What an expression is made of, one level down; nothing of what is not let through. */
function partsOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
    case '.':
    case '.?':
    case '[]':
    case '[?]':
    case 'map':
      return [];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

/** The texts that inputs are compared with, wherever in the expression. */
function comparedTexts(node: ASTNode): ComparedText[] {
  const inside = partsOf(node).flatMap(comparedTexts);
  if (node.op === '==' || node.op === '!=') {
    const [one, other] = node.args;
    return [...comparedText(one, other), ...comparedText(other, one), ...inside];
  }
  if (node.op !== 'in' || node.args[1].op !== 'list') return inside;
  const [one, list] = node.args;
  return [...list.args.flatMap(item => comparedText(one, item)), ...inside];
}

function comparedText(one: ASTNode, other: ASTNode): ComparedText[] {
  if (one.op !== 'id' || other.op !== 'value' || typeof other.args !== 'string') return [];
  return [{ input: one.args, ...writtenText(other, other.args) }];
}

/** The texts that an expression can give, as far as they stand in it. */
function givenTexts(node: ASTNode): WrittenText[] {
  if (node.op === '?:') return [...givenTexts(node.args[1]), ...givenTexts(node.args[2])];
  return node.op === 'value' && typeof node.args === 'string' ? [writtenText(node, node.args)] : [];
}

function writtenText({ range }: ASTNode, text: string): WrittenText {
  return { text, start: range.start, end: range.end };
}

function explain(fault: unknown, text: string): WrongCel {
  const isKnown = fault instanceof ParseError || fault instanceof TypeFault;
  const { start, end } = (isKnown ? fault.range : undefined) ?? { start: 0, end: text.length };
  const message = isKnown ? fault.summary : messageOf(fault);
  return { kind: 'wrong', start, end, ...inWords(message, text.slice(start, end), text) };
}
