import type { Clock } from '../../base/clock.ts';
import { PlantroomError } from '../../base/errors.ts';
import type { Answer, Identity } from '../../driver.ts';
import type { ModbusBus } from '../../model/bus.ts';
import type { Asker } from './asker.ts';
import type { ScanPlan, ScanStop } from './scan-plan.ts';

/** Something that showed a sign of life. */
export interface Found {
  readonly stop: ScanStop;
  /** Undefined where only the host was heard. */
  readonly unitId: number | undefined;
  readonly sign: SignOfLife;
  /** `exception 2, illegal address`, or what was wrong with the frame; empty for a plain answer. */
  readonly detail: string;
  readonly responseMs: number | undefined;
  readonly identity: Identity | undefined;
}

/**
 * `value`: it answered; `exception`: it answered that it does not have this register, and so is alive; `bad frame`:
 * bytes came that are no answer; `device server`: it answers itself, for a unit that does not; `port open`: the host
 * takes connections and says nothing.
 */
export type SignOfLife = 'value' | 'exception' | 'bad frame' | 'device server' | 'port open';

export interface ScanEvents {
  onAsked(stop: ScanStop, unitId: number): void;
  onFound(found: Found): void;
}

export interface ScanOptions extends ScanEvents {
  readonly plan: ScanPlan;
  readonly clock: Clock;
  openAsker(stop: ScanStop): Promise<Asker>;
  /** Aborted: no more questions, and the one under way is not waited for. */
  readonly signal: AbortSignal;
}

/**
 * Asks every unit of every stop for its first holding register, and those that live who they are. Resolves when all was
 * asked, or the signal came.
 *
 * @throws PlantroomError `network` when a serial port or the daemon cannot be used at all
 */
export async function runScan(options: ScanOptions): Promise<void> {
  const { plan, signal } = options;
  const aborted = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => aborted.resolve(undefined));
  const waiting = plan.stops.values();
  const lane = async () => {
    for (const stop of waiting) {
      if (signal.aborted) return;
      await scanStop(stop, options, aborted.promise);
    }
  };
  await Promise.all(Array.from({ length: plan.atOnce }, lane));
}

async function scanStop(stop: ScanStop, options: ScanOptions, aborted: Promise<undefined>): Promise<void> {
  const asker = await options.openAsker(stop);
  try {
    let heard = 0;
    let isConnected = false;
    for (const unitId of stop.units) {
      if (options.signal.aborted) return;
      options.onAsked(stop, unitId);
      const answer = await askUnit(asker, unitId, options, aborted);
      if (!answer) return;
      if (isUnreachable(answer)) {
        refuseLine(stop, answer);
        // Nobody is at this address: the other units are not there either.
        if (!isConnected) return skipRest(stop, unitId, options);
        continue;
      }
      isConnected = true;
      const found = judge(stop, unitId, answer);
      if (!found || (found.unitId === undefined && heard > 0)) continue;
      heard += 1;
      const identity = isAlive(found) ? await identify(asker, unitId, options, aborted) : undefined;
      options.onFound({ ...found, identity });
    }
    if (heard === 0 && isConnected && stop.bus.protocol === 'modbus-tcp') options.onFound(portOpen(stop));
  } finally {
    await asker.close();
  }
}

function skipRest(stop: ScanStop, unitId: number, { onAsked }: ScanOptions): void {
  for (const unit of stop.units.slice(stop.units.indexOf(unitId) + 1)) onAsked(stop, unit);
}

/** Undefined once the scan is to end. A damaged answer may be the late one of the unit before, so it is asked again. */
async function askUnit(
  asker: Asker,
  unitId: number,
  { plan, clock, signal }: ScanOptions,
  aborted: Promise<undefined>,
) {
  const ask = () =>
    Promise.race([
      asker.ask({ kind: 'raw', unitId, table: 'holding-register', address: 0, count: 1 }, plan.timeoutMs),
      aborted,
    ]);
  const answer = await ask();
  if (answer?.kind !== 'failed' || answer.reason !== 'bad-reply') return answer;
  await clock.sleep(plan.timeoutMs, signal).catch(() => {});
  const second = await ask();
  // Silence the second time does not undo that something came the first time.
  return second?.kind === 'failed' ? answer : second;
}

/**
 * A device that does not know the question may be confused by it for a while: libmodbus itself waits half a second and
 * throws away what comes meanwhile. A wire is left alone until then.
 */
const restAfterConfusionMs = 700;

async function identify(
  asker: Asker,
  unitId: number,
  { plan, clock, signal }: ScanOptions,
  aborted: Promise<undefined>,
): Promise<Identity | undefined> {
  const answer = await Promise.race([asker.ask({ kind: 'identify', unitId }, plan.timeoutMs), aborted]);
  if (answer?.kind === 'identity') return answer.identity;
  if (answer?.kind === 'failed' && asker.bus.protocol !== 'modbus-tcp') {
    await clock.sleep(restAfterConfusionMs, signal).catch(() => {});
  }
  return undefined;
}

function isAlive({ sign }: Found): boolean {
  return sign === 'value' || sign === 'exception';
}

function isUnreachable(answer: Answer): answer is Answer & { kind: 'failed' } {
  return answer.kind === 'failed' && (answer.reason === 'no-connection' || answer.reason === 'overrun');
}

/** A host that is not there is what a scan finds out; a port that does not open ends it. */
function refuseLine({ bus, isThroughDaemon, label }: ScanStop, { detail }: Answer & { kind: 'failed' }): void {
  if (bus.protocol === 'modbus-tcp' && !isThroughDaemon) return;
  throw new PlantroomError(`${label}: ${detail}`, {
    kind: 'network',
    hint: lineHint(bus.protocol, isThroughDaemon),
  });
}

function lineHint(protocol: ModbusBus['protocol'], isThroughDaemon: boolean): string {
  if (isThroughDaemon) return 'look at the bus with: plantroom status';
  return protocol === 'modbus-rtu' ? 'check the port with: plantroom ports' : 'check address, port, cable and power';
}

/** Exceptions 10 and 11 come from the device server, not from the unit. */
const serversOwn = [10, 11];

function judge(stop: ScanStop, unitId: number, answer: Answer): Found | undefined {
  const nothing = { stop, unitId, detail: '', responseMs: undefined, identity: undefined };
  switch (answer.kind) {
    case 'raw':
    case 'identity':
      return { ...nothing, sign: 'value', responseMs: answer.responseMs };
    case 'exception': {
      const { code, text, responseMs } = answer;
      if (serversOwn.includes(code))
        return { ...nothing, unitId: undefined, sign: 'device server', detail: text, responseMs };
      return { ...nothing, sign: 'exception', detail: text, responseMs };
    }
    case 'failed':
      return answer.reason === 'bad-reply' ? { ...nothing, sign: 'bad frame', detail: answer.detail } : undefined;
  }
}

function portOpen(stop: ScanStop): Found {
  const detail = 'takes connections, but none of these units answers';
  return { stop, unitId: undefined, sign: 'port open', detail, responseMs: undefined, identity: undefined };
}
