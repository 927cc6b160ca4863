import type { DeviceFaultsView } from '../../sim/fault-desk.ts';

/** A fault that the demo makes by itself. */
export interface Act {
  readonly device: string;
  readonly fault: string;
  readonly forMs: number;
}

/** Where the story of the demo stands. */
export type Story =
  /** The gateway does not yet see the whole plant. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'calm'; readonly next: number; readonly nextMono: number }
  | { readonly kind: 'acting'; readonly next: number; readonly endsMono: number; readonly act: Act }
  /** A person took over: the demo makes no more faults. */
  | { readonly kind: 'over' };

export interface StoryInput {
  readonly nowMono: number;
  /** When the demo began. */
  readonly startMono: number;
  /** Every point of the plant has been read. */
  readonly isPlantSeen: boolean;
  readonly faults: readonly DeviceFaultsView[];
}

/** The first is what everybody sees within half a minute; the others go round. */
const first: Act = { device: 'booster', fault: 'pipe-burst', forMs: 6_000 };
const others: readonly Act[] = [
  { device: 'feeder', fault: 'undervoltage', forMs: 8_000 },
  { device: 'booster', fault: 'pump-trip', forMs: 10_000 },
  { device: 'lift', fault: 'lift-stuck', forMs: 15_000 },
  { device: 'feeder', fault: 'silent', forMs: 20_000 },
  { device: 'tank', fault: 'tank-overflow', forMs: 25_000 },
];

const firstAfterMs = 6_000;
/** The gateway sees the plant well for this long before it breaks. */
const calmBeforeMs = 3_000;
const pauseMs = 55_000;
/** Of another plant: long enough for an alarm that is delayed by half a minute. */
const otherMs = 45_000;

/** One step of the story: where it stands now, and the act that begins with it. */
export function stepStory(story: Story, input: StoryInput): { readonly story: Story; readonly begins?: Act } {
  const { nowMono } = input;
  if (story.kind === 'over') return { story };
  if (hasForeignFault(story, input.faults)) return { story: { kind: 'over' } };
  switch (story.kind) {
    case 'opening': {
      if (!input.isPlantSeen) return { story };
      const nextMono = Math.max(input.startMono + firstAfterMs, nowMono + calmBeforeMs);
      return { story: { kind: 'calm', next: 0, nextMono } };
    }
    case 'calm': {
      if (nowMono < story.nextMono) return { story };
      const act = actAt(story.next, input.faults);
      if (!act) return { story };
      return { story: { kind: 'acting', next: story.next + 1, endsMono: nowMono + act.forMs, act }, begins: act };
    }
    case 'acting':
      if (nowMono < story.endsMono) return { story };
      return { story: { kind: 'calm', next: story.next, nextMono: nowMono + pauseMs } };
  }
}

/** The next of the demo's own acts; of a plant that cannot have them, the next of what it can have. */
function actAt(index: number, faults: readonly DeviceFaultsView[]): Act | undefined {
  const isOwn = faults.length === 0 || faults.some(({ device }) => device === first.device);
  if (isOwn) return index === 0 ? first : others[(index - 1) % others.length];
  const all = faults.flatMap(({ device, possible }) =>
    possible.filter(({ where }) => where === 'plant').map(({ name }): Act => ({ device, fault: name, forMs: otherMs })),
  );
  return all[index % all.length];
}

/** A fault that the story did not make. One that has just ended by itself may still be listed for a moment. */
function hasForeignFault(story: Story, faults: readonly DeviceFaultsView[]): boolean {
  const active = faults.flatMap(({ device, active }) => active.map(({ name, leftMs }) => ({ device, name, leftMs })));
  const own = story.kind === 'acting' ? story.act : undefined;
  return active.some(
    ({ device, name, leftMs }) => (leftMs === null || leftMs > 0) && !(device === own?.device && name === own.fault),
  );
}
