import type { Clock, Timer } from '../../src/base/clock.ts';
import { encodeRegisterForeignDevice } from './bvlc.ts';
import { type ForeignInput, type Registration, stepForeign, unregistered } from './foreign-device.ts';

export interface ForeignRegistrationOptions {
  readonly host: string;
  readonly port: number;
  /** 1 to 65535. */
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly send: (bytes: Buffer, host: string, port: number) => void;
  readonly onChange: (registration: Registration) => void;
}

/** Registers with a BBMD, at once and again and again until it is closed. */
export interface ForeignRegistration {
  readonly host: string;
  readonly port: number;
  readonly isRegistered: boolean;
  onResult(code: number, host: string, port: number): void;
  close(): void;
}

export function startForeignRegistration(options: ForeignRegistrationOptions): ForeignRegistration {
  const { host, port, ttlSeconds, clock, send, onChange } = options;
  let state = unregistered;
  let timer: Timer | undefined;

  function take(input: ForeignInput): void {
    const before = state.registration;
    const step = stepForeign(state, input, clock.monoMs(), ttlSeconds * 1_000);
    state = step.state;
    if (step.isAsking) send(encodeRegisterForeignDevice(ttlSeconds), host, port);
    timer?.cancel();
    // A timer may come a little early.
    timer = clock.at(state.wakeMono + 1, () => take({ kind: 'timer' }));
    if (state.registration.kind !== before.kind) onChange(state.registration);
  }

  take({ kind: 'timer' });
  return {
    host,
    port,
    get isRegistered() {
      return state.registration.kind === 'registered';
    },
    onResult(code, fromHost, fromPort) {
      if (fromHost === host && fromPort === port) take({ kind: 'result', code });
    },
    close: () => timer?.cancel(),
  };
}
