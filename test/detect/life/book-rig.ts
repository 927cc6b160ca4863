import { type AlarmBook, type BookSite, createAlarmBook } from '../../../src/detect/life/alarm-book.ts';
import type { BookTime } from '../../../src/detect/life/expiry.ts';
import {
  type AlarmState,
  type Change,
  type Happening,
  plainLife,
  type Rule,
  type RuleLife,
} from '../../../src/model/alarm.ts';
import type { ClockQuality } from '../../../src/model/time.ts';
import { limitRule } from '../plant.ts';

/** An alarm book with what surrounds it: a store that keeps states, and clocks that a test moves. */
export class BookRig {
  site: BookSite;
  book: AlarmBook;
  readonly states = new Map<string, AlarmState>();
  readonly log: Happening[] = [];
  mono = 0;
  wall = Date.UTC(2026, 0, 1);
  bootId = 'boot-1';
  bootedMs = 1_000;
  clock: ClockQuality = 'synchronised';
  /** Alarms whose end was reckoned anew at the last start. */
  renewed: readonly string[] = [];
  #events = 0;

  constructor(rules: readonly Rule[], suppressions: readonly string[] = []) {
    this.site = { rules, suppressions: suppressions.map(id => ({ id, name: id })) };
    this.book = this.#open();
  }

  now(): BookTime {
    const { mono, wall, clock, bootId } = this;
    return { mono, wall, stamp: { clock, bootId, bootMs: mono + this.bootedMs } };
  }

  wait(ms: number): readonly Happening[] {
    this.mono += ms;
    this.wall += ms;
    return this.take(this.book.expire(this.now()));
  }

  detect(kind: Change['kind'], rule: Rule, value?: number): readonly Happening[] {
    return this.take(this.book.apply([{ kind, rule, value, sampledAt: this.wall, sampledAtMono: this.mono }]));
  }

  act(...[alarm, deed]: [string, Parameters<AlarmBook['act']>[1]]): string {
    const outcome = this.book.act(alarm, deed, this.now());
    if (outcome.kind === 'refused') return outcome.why;
    return textOf(this.take(outcome.happenings));
  }

  suppress(id: string, isActive: boolean): string {
    return textOf(this.take(this.book.suppress(id, isActive, this.now())));
  }

  reload(rules: readonly Rule[], suppressions = this.site.suppressions): string {
    this.site = { rules, suppressions };
    return textOf(this.take(this.book.replaceRules(this.site, this.now())));
  }

  /** A process that ends and begins again in the same boot. */
  restart(): string {
    const before = this.log.length;
    this.book = this.#open();
    return textOf(this.log.slice(before));
  }

  /** The machine was off for so long. */
  reboot(offMs: number, clock: ClockQuality = 'synchronised', wallJumpMs = 0): string {
    this.wall += offMs + wallJumpMs;
    this.bootId = `${this.bootId}+`;
    this.mono = 5;
    this.clock = clock;
    return this.restart();
  }

  phase(alarm: string): string {
    return this.book.lifeOf(alarm).phase;
  }

  /** Keeps what happened, as the desk and the store do. */
  take(happenings: readonly Happening[]): readonly Happening[] {
    this.log.push(...happenings);
    for (const { alarm, life, isFirst, value, sampledAt, rule, suppression } of happenings) {
      this.#events += 1;
      const known = isFirst ? undefined : this.states.get(alarm);
      if (life.phase === 'normal') this.states.delete(alarm);
      else {
        this.states.set(alarm, {
          ...life,
          alarm,
          occurrence: known?.occurrence ?? `e-${this.#events}`,
          rule: rule?.kind ?? (suppression === undefined ? 'limit' : 'suppression'),
          priority: rule?.priority ?? 'high',
          message: suppression ?? '',
          raisedAt: known?.raisedAt ?? sampledAt,
          stamp: this.now().stamp,
          value,
          state: undefined,
          unit: '',
          firstOut: undefined,
        });
      }
    }
    return happenings;
  }

  #open(): AlarmBook {
    const book = createAlarmBook({
      site: this.site,
      states: JSON.parse(JSON.stringify([...this.states.values()])).map(revive),
      lastSign: { bootId: 'boot-1', bootMs: this.lastBootMs },
      mayShelve: priority => priority !== 'urgent',
    });
    const { happenings, renewed } = book.begin(this.now());
    this.renewed = renewed.map(({ alarm }) => alarm);
    for (const { alarm, life } of renewed) {
      const state = this.states.get(alarm);
      if (state) this.states.set(alarm, { ...state, ...life });
    }
    this.take(happenings);
    return book;
  }

  lastBootMs = 0;
}

/** JSON leaves out what is undefined. */
function revive(state: AlarmState): AlarmState {
  const { shelved, suppressed, outOfService } = state.masks;
  return { ...state, masks: { shelved, suppressed, outOfService } };
}

function textOf(happenings: readonly Happening[]): string {
  return happenings.map(({ alarm, kind, life }) => `${alarm} ${kind} (${life.phase})`).join(', ');
}

export function ruleOf(key: string, life: Partial<RuleLife> = {}, parts: Partial<Rule> = {}): Rule {
  return { ...limitRule({ key }), ...parts, life: { ...plainLife, ...life } } as Rule;
}

export const liWei = { who: 'Li Wei', from: 'cli' };
