import type { AlarmLife } from '../../model/alarm.ts';

/** Most occurrences that are over and still take reports of progress; beyond it the oldest is forgotten. */
export const mostEnded = 1_000;

/** The last life of alarms that are normal again: people report when they are back at their desk. */
export interface EndedLives {
  lifeOf(alarm: string): AlarmLife | undefined;
  /** It is the newest of them now. */
  keep(alarm: string, life: AlarmLife): void;
  forget(alarm: string): void;
  forgetAllBut(isKnown: (alarm: string) => boolean): void;
}

export function createEndedLives(): EndedLives {
  const lives = new Map<string, AlarmLife>();
  return {
    lifeOf: alarm => lives.get(alarm),
    keep(alarm, life) {
      lives.delete(alarm);
      lives.set(alarm, life);
      const [oldest] = lives.keys();
      if (lives.size > mostEnded && oldest !== undefined) lives.delete(oldest);
    },
    forget: alarm => void lives.delete(alarm),
    forgetAllBut(isKnown) {
      for (const alarm of [...lives.keys()]) if (!isKnown(alarm)) lives.delete(alarm);
    },
  };
}
