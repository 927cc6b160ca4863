import type { Framing } from './frame.ts';

interface WireFaultFacts {
  /** What happens, in one line for people. */
  readonly text: string;
  /** Where there is such a fault. */
  readonly framings: readonly Framing[];
  /**
   * What is left on the wire for the one who asked, for tests: `right`, the right answer in time, whatever else comes
   * with it; `late`, after the timeout; `refusal`, an exception; `nothing` that may be believed.
   */
  readonly leaves: 'right' | 'late' | 'refusal' | 'nothing';
}

const both = ['tcp', 'rtu'] as const;
const tcp = ['tcp'] as const;
const rtu = ['rtu'] as const;

const exceptionTexts = {
  'exception-1': 'answers every request with exception 1, illegal function',
  'exception-2': 'answers every request with exception 2, illegal data address',
  'exception-3': 'answers every request with exception 3, illegal data value',
  'exception-4': 'answers every request with exception 4, device failure',
  'exception-5': 'answers every request with exception 5, acknowledge',
  'exception-6': 'answers every request with exception 6, device busy',
  'exception-7': 'answers every request with exception 7, negative acknowledge',
  'exception-8': 'answers every request with exception 8, memory parity error',
  'exception-9': 'answers every request with exception 9, which no standard knows',
  'exception-10': 'answers every request with exception 10, gateway path unavailable',
  'exception-11': 'answers every request with exception 11, gateway target does not respond',
} as const;

type ExceptionFault = keyof typeof exceptionTexts;

const others = {
  silent: { text: 'takes every request and never answers', framings: both, leaves: 'nothing' },
  late: { text: 'answers after the timeout, while the next request is under way', framings: both, leaves: 'late' },
  refuse: { text: exceptionTexts['exception-2'], framings: both, leaves: 'refusal' },
  busy: { text: exceptionTexts['exception-6'], framings: both, leaves: 'refusal' },
  'wrong-unit': { text: 'answers under the unit id of its neighbour', framings: both, leaves: 'nothing' },
  'wrong-function': { text: 'answers under another function code', framings: both, leaves: 'nothing' },
  'wrong-length': { text: 'answers with a register more or less than was asked', framings: both, leaves: 'nothing' },
  'wrong-byte-count': { text: 'answers with a byte count that lies', framings: both, leaves: 'nothing' },
  'wrong-transaction': { text: 'answers under the transaction id that comes next', framings: tcp, leaves: 'nothing' },
  'bad-crc': { text: 'one bit of every answer is wrong', framings: rtu, leaves: 'nothing' },
  torn: { text: 'sends the beginning of every answer and stops there', framings: both, leaves: 'nothing' },
  duplicated: { text: 'sends every answer twice, one behind the other', framings: both, leaves: 'right' },
  'duplicated-late': { text: 'sends every answer again after a pause', framings: both, leaves: 'right' },
  'noise-before': { text: 'stray bytes come before every answer', framings: both, leaves: 'right' },
  'noise-after': { text: 'stray bytes follow every answer', framings: both, leaves: 'right' },
  echo: { text: 'every request comes back before its answer, as on a two-wire line', framings: both, leaves: 'right' },
  'byte-by-byte': { text: 'answers rightly, one byte at a time', framings: both, leaves: 'right' },
  babble: { text: 'sends bytes without end once it is asked', framings: both, leaves: 'nothing' },
  close: { text: 'cuts the connection at every request', framings: both, leaves: 'nothing' },
  'close-mid-reply': {
    text: 'cuts the connection in the middle of every answer',
    framings: both,
    leaves: 'nothing',
  },
} as const satisfies Readonly<Record<string, WireFaultFacts>>;

/** What can go wrong between a unit and the one who asks it. */
export type WireFault = keyof typeof others | ExceptionFault;

export const wireFaults: Readonly<Record<WireFault, WireFaultFacts>> = { ...others, ...mapExceptions() };

function mapExceptions(): Readonly<Record<ExceptionFault, WireFaultFacts>> {
  const entries = Object.entries(exceptionTexts).map(([name, text]) => [
    name,
    { text, framings: both, leaves: 'refusal' },
  ]);
  return Object.fromEntries(entries);
}

export function isWireFault(name: string): name is WireFault {
  return Object.hasOwn(wireFaults, name);
}

/** The faults that there are on a framing, in the order of the table. */
export function wireFaultsOn(framing: Framing): WireFault[] {
  return Object.keys(wireFaults).filter(
    (name): name is WireFault => isWireFault(name) && wireFaults[name].framings.includes(framing),
  );
}

/** Faults that answer with an exception. */
export type RefusingFault = ExceptionFault | 'refuse' | 'busy';

export function isRefusing(fault: WireFault): fault is RefusingFault {
  return wireFaults[fault].leaves === 'refusal';
}

/** The code that such a fault answers with. */
export function exceptionOf(fault: RefusingFault): number {
  if (fault === 'refuse') return 2;
  if (fault === 'busy') return 6;
  return Number(fault.slice('exception-'.length));
}

/** A fault with its time, ms: how late an answer is, how long after the first its double comes, how long one babbles. */
export interface TimedFault {
  readonly name: WireFault;
  readonly delayMs?: number;
}

/** Chooses for every request of a unit. `request` counts them from 0. */
export type FaultChooser = (request: number, framing: Framing) => WireFault | TimedFault | undefined;
