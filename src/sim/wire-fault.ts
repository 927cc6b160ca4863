import { encodeException, exceptions } from './slave.ts';

/** What can go wrong between a unit and the one who asks it. */
export const wireFaults = {
  silent: 'takes every request and never answers',
  late: 'answers three seconds late',
  refuse: 'answers every request with exception 2, illegal data address',
  busy: 'answers every request with exception 6, device busy',
  'wrong-unit': 'answers under the unit id of its neighbour',
  torn: 'sends the first half of every answer and stops there',
  close: 'closes the connection at every request',
} as const;

export type WireFault = keyof typeof wireFaults;

export function isWireFault(name: string): name is WireFault {
  return Object.hasOwn(wireFaults, name);
}

/** Later than any sensible timeout of a gateway. */
const lateMs = 3_000;

/** What goes over the wire instead of a good answer. */
export type WireAnswer =
  | { readonly kind: 'send'; readonly unitId: number; readonly pdu: Buffer; readonly afterMs: number }
  | { readonly kind: 'tear'; readonly unitId: number; readonly pdu: Buffer }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'close' };

/** Turns the good answer of a unit into what the fault makes of it. */
export function applyWireFault(
  fault: WireFault | undefined,
  unitId: number,
  functionCode: number,
  good: Buffer,
): WireAnswer {
  switch (fault) {
    case 'silent':
      return { kind: 'nothing' };
    case 'late':
      return { kind: 'send', unitId, pdu: good, afterMs: lateMs };
    case 'refuse':
      return { kind: 'send', unitId, pdu: encodeException(functionCode, exceptions.illegalAddress), afterMs: 0 };
    case 'busy':
      return { kind: 'send', unitId, pdu: encodeException(functionCode, exceptions.busy), afterMs: 0 };
    case 'wrong-unit':
      return { kind: 'send', unitId: (unitId + 1) & 0xff, pdu: good, afterMs: 0 };
    case 'torn':
      return { kind: 'tear', unitId, pdu: good };
    case 'close':
      return { kind: 'close' };
    case undefined:
      return { kind: 'send', unitId, pdu: good, afterMs: 0 };
  }
}
