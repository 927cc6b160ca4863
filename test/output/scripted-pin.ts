import { PlantroomError } from '../../src/base/errors.ts';
import type { OpenPin } from '../../src/output/digital-pin.ts';

/** A pin whose faults a test decides. */
export class ScriptedPin {
  /** Every level it was put to, the one it was opened with included. */
  readonly levels: boolean[] = [];
  isHigh = false;
  isOpen = false;
  opened = 0;
  /** `absent`: cannot be opened. `lost`: reads and writes fail. `stuck`: stays as it is. `hung`: never answers. */
  fault: 'none' | 'absent' | 'lost' | 'stuck' | 'hung' = 'none';

  readonly open: OpenPin = async (_address, isHigh) => {
    this.opened += 1;
    if (this.fault === 'absent') throw new PlantroomError('there is no pin', { kind: 'not-found', hint: 'look' });
    await this.#meet();
    this.isOpen = true;
    this.#put(isHigh);
    return {
      read: async () => {
        await this.#meet();
        return this.isHigh;
      },
      write: async level => {
        await this.#meet();
        this.#put(level);
      },
      close: async () => {
        this.isOpen = false;
      },
    };
  };

  async #meet(): Promise<void> {
    if (this.fault === 'lost') throw new Error('ENODEV');
    if (this.fault === 'hung') await new Promise(() => {});
  }

  #put(level: boolean): void {
    if (this.fault === 'stuck') return;
    if (this.isHigh !== level || this.levels.length === 0) this.levels.push(level);
    this.isHigh = level;
  }
}
