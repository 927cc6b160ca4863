import type { Outbox } from '../model/outbox.ts';
import type { CursorKeeper } from './cursor-keeper.ts';
import type { Session } from './format.ts';
import type { LaneSource, Page, Parcel } from './lane.ts';

/** Most publishes of alarms in flight: it bounds what is sent twice after a broken connection. */
const mostAlarmsInFlight = 20;

/** Events read at a time. With the window this bounds what the lane holds in memory. */
const pageLimit = 50;

/** Most events that are sent again at a time because nobody confirmed them: new ones wait behind them. */
const resendLimit = 100;

export interface AlarmSource extends LaneSource {
  /** `begin` goes back to what is not delivered: the oldest of it is sent again, and then what was never sent. */
  goBack(): void;
}

export interface AlarmSourceOptions {
  readonly outbox: Outbox;
  readonly session: Session;
  readonly keeper: CursorKeeper;
  readonly confirm: 'broker' | 'platform';
  /** The broker took one more event. */
  readonly onSettled: () => void;
}

/** The alarm log from the cursor on. The cursor moves over events that the broker took, one behind the other. */
export function createAlarmSource({ outbox, session, keeper, confirm, onSettled }: AlarmSourceOptions): AlarmSource {
  const start = keeper.cursor ?? { sent: 0, delivered: 0 };
  /** All events up to this one were taken on this connection or before it. */
  let taken = confirm === 'platform' ? start.delivered : start.sent;
  /** Numbers that were read and not yet passed by `taken`, in order, with whether the broker took them. */
  let open = new Map<number, boolean>();
  /** Of what is sent again only the oldest: events behind `from` and up to `to` are left out. */
  let leap = { from: 0, to: 0 };

  async function read(after: number): Promise<Page> {
    const reading = open;
    const from = after >= leap.from ? Math.max(after, leap.to) : after;
    const events = await outbox.readAlarms(from, pageLimit);
    const wanted = events.filter(({ number }) => number <= leap.from || number > leap.to);
    // A page that was asked for before `begin` is thrown away.
    if (reading === open) for (const { number } of wanted) open.set(number, false);
    return {
      parcels: wanted.map(event => ({ numbers: [event.number], messages: session.alarm(event), event })),
      end: events.at(-1)?.number ?? from,
      isLast: events.length < pageLimit,
    };
  }

  function settle({ numbers: [number = 0] }: Parcel): void {
    if (!open.has(number)) return;
    open.set(number, true);
    for (const [oldest, isTaken] of open) {
      if (!isTaken) break;
      open.delete(oldest);
      taken = oldest;
    }
    keeper.advance(confirm === 'platform' ? { sent: taken } : { sent: taken, delivered: taken });
    onSettled();
  }

  return {
    name: 'alarms',
    mostInFlight: mostAlarmsInFlight,
    isBulk: false,
    needsSubscriber: true,
    grows: true,
    begin() {
      open = new Map();
      taken = Math.max(taken, keeper.cursor?.delivered ?? 0);
      return taken;
    },
    read,
    settle,
    goBack() {
      const { sent, delivered } = keeper.cursor ?? start;
      taken = Math.min(taken, delivered);
      leap = { from: delivered + resendLimit, to: sent };
    },
    notBeforeMono: () => 0,
    spend() {},
    // An alarm event is sent whole, always: it waits until the broker takes it.
    cutSmaller() {},
  };
}
