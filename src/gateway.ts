import type { Command, CommandReply } from './model/command.ts';
import type { AlarmsView, PointView, StatusView } from './model/view.ts';

/** What the edges may ask of a running gateway. */
export interface Gateway {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The one door for everything that changes something. */
  handle(command: Command): Promise<CommandReply>;
  points(): readonly PointView[];
  /** The alarms that stand, and the newest `historyLimit` events. */
  alarms(historyLimit: number): Promise<AlarmsView>;
  status(): StatusView;
}
