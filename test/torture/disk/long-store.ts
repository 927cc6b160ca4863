import { rmSync } from 'node:fs';
import { defaultLimits, leastAlarmLogRows } from '../../../src/store/limits.ts';
import { StoreFile } from '../../../src/store/store-file.ts';
import { rigEvent, rigStateAfter } from '../../store/rig.ts';
import { fastFolder } from './record.ts';

export interface LongStore extends Disposable {
  readonly folder: string;
}

/** A store whose alarm log is just so long that its oldest events are removed; all of them were sent. */
export function makeLongStore(): LongStore {
  const folder = fastFolder();
  const file = StoreFile.open({ folder, openedAt: 0, limits: { ...defaultLimits, reserveBytes: 0 }, isStart: true });
  const { id } = file.opened();
  const events = Array.from({ length: leastAlarmLogRows + 200 }, (_, index) => rigEvent(index + 1, id));
  file.commitAlarms([{ events, states: events.map(rigStateAfter) }]);
  file.writeCursors([{ uplink: 'platform', sent: events.length, delivered: events.length }]);
  file.close();
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
