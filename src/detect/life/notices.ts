import { floodAlarm, type Happening, normalLife } from '../../model/alarm.ts';
import { type Chattering, stepChattering } from './chattering.ts';
import { type Flood, floodEndsMono, noFlood, resumeFlood, stepFlood } from './flood.ts';
import { gatewayActor, noDetails, type StepTime } from './happening.ts';

/** What the gateway notices of the raises of all alarms together: which chatter, and when they flood. */
export interface Notices {
  /** An alarm was raised: what is told beside. */
  raised(happening: Happening): readonly Happening[];
  timePassed(times: StepTime): readonly Happening[];
  nextDueMono(): number | undefined;
  /** A flood stood before the restart. */
  resumeFlood(mono: number, raises: number): void;
  forget(alarm: string): void;
}

/** Remembers no more than three times of each alarm of the site, and eleven of all. */
export function createNotices(): Notices {
  const chatterings = new Map<string, Chattering>();
  let flood: Flood = noFlood;

  function stepFloodOn(kind: 'raised' | 'time', { sampledAt, sampledAtMono }: StepTime): readonly Happening[] {
    const step = stepFlood(flood, { kind, mono: sampledAtMono });
    flood = step.flood;
    if (!step.event) return [];
    const isBeginning = step.event.kind === 'flood-began';
    return [
      {
        ...noDetails,
        kind: step.event.kind,
        alarm: floodAlarm,
        rule: undefined,
        // Nobody is asked to acknowledge a flood: it stands until it is over.
        life: isBeginning ? { ...normalLife, phase: 'acknowledged', isActive: true } : normalLife,
        isFirst: isBeginning,
        value: step.event.raises,
        sampledAt,
        sampledAtMono,
      },
    ];
  }

  return {
    raised(happening) {
      const { alarm, sampledAtMono } = happening;
      const { chattering, hasBegun } = stepChattering(chatterings.get(alarm), sampledAtMono);
      chatterings.set(alarm, chattering);
      const told: Happening = { ...happening, kind: 'chattering', isFirst: false, by: gatewayActor };
      return [...(hasBegun ? [told] : []), ...stepFloodOn('raised', happening)];
    },
    timePassed: times => stepFloodOn('time', times),
    nextDueMono: () => floodEndsMono(flood),
    resumeFlood(mono, raises) {
      flood = resumeFlood(mono, raises);
    },
    forget(alarm) {
      chatterings.delete(alarm);
    },
  };
}
