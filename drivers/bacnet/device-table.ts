import type { Clock, Timer } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { BacnetDevice } from '../../src/model/device.ts';
import type { IAm } from './announcements.ts';
import { type Claim, createFinding, dueMonoOf, type Finding, stepFinding } from './device-finding.ts';
import { type Peer, peerKey } from './peer.ts';

export interface DeviceTableOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Asks who has this instance: everybody, and those peers that said so before. */
  readonly askWho: (instance: number, peers: readonly Peer[]) => void;
}

/** Which peer a device is now. */
export type Whereabouts =
  | { readonly kind: 'known'; readonly peer: Peer; readonly iAm: IAm | undefined }
  /** It is looked for. */
  | { readonly kind: 'unknown'; readonly detail: string }
  /** Several say that they are it. */
  | { readonly kind: 'conflict'; readonly detail: string };

/** Where each device of the bus is, found again when it moves. Only devices of the site are in it, however many say I-Am. */
export interface DeviceTable {
  where(device: BacnetDevice): Whereabouts;
  /** Waits for a device that is not known: told once, when it is found or in conflict, or when the time is over. */
  find(device: BacnetDevice, deadlineMono: number, onFound: (where: Whereabouts) => void): void;
  onIAm(peer: Peer, iAm: IAm): void;
  /** A way to more devices has opened: those that were not found are looked for at once. */
  askAgain(): void;
  /** A request to it was not answered. */
  onSilent(device: BacnetDevice): void;
  /** For people. */
  describe(device: BacnetDevice): readonly string[];
  close(): void;
}

interface Entry {
  readonly instance: number;
  finding: Finding;
  readonly waiting: Set<Waiter>;
}

interface Waiter {
  readonly deadline: Timer;
  readonly onFound: (where: Whereabouts) => void;
}

/** Questions to all are spread, so that a site of many devices does not answer at once. */
const spacingMs = 20;

export function createDeviceTable({ clock, log, askWho }: DeviceTableOptions): DeviceTable {
  const entries = new Map<number, Entry>();
  let timer: Timer | undefined;
  let nextAskMono = 0;
  let isClosed = false;

  function entryOf({ instance, address, routed }: BacnetDevice): Entry {
    const known = entries.get(instance);
    if (known) return known;
    const fixed: Peer | undefined = address && {
      ...address,
      network: routed?.network ?? 0,
      mac: routed?.mac ?? '',
    };
    const entry: Entry = { instance, finding: createFinding(fixed), waiting: new Set() };
    entries.set(instance, entry);
    return entry;
  }

  /** Asks for those that are looked for, and closes the rounds that are over. */
  function goOn(): void {
    timer?.cancel();
    timer = undefined;
    if (isClosed) return;
    const nowMono = clock.monoMs();
    let nextMono = Number.POSITIVE_INFINITY;
    for (const entry of entries.values()) {
      const { finding } = entry;
      if (finding.round) change(entry, stepFinding(finding, { kind: 'tick' }, nowMono));
      else if (dueMonoOf(finding) <= nowMono && nextAskMono <= nowMono) {
        nextAskMono = nowMono + spacingMs;
        entry.finding = stepFinding(finding, { kind: 'asked' }, nowMono);
        askWho(
          entry.instance,
          [finding.known, ...finding.rivals].flatMap(claim => (claim ? [claim.peer] : [])),
        );
      }
      const dueMono = dueMonoOf(entry.finding);
      nextMono = Math.min(nextMono, entry.finding.round ? dueMono : Math.max(dueMono, nextAskMono));
    }
    if (nextMono !== Number.POSITIVE_INFINITY) timer = clock.at(nextMono, goOn);
  }

  function change(entry: Entry, next: Finding): void {
    const before = entry.finding;
    entry.finding = next;
    if (next === before) return;
    tell(entry.instance, before, next);
    const where = whereOf(entry);
    if (where.kind === 'unknown') return;
    for (const waiter of [...entry.waiting]) settle(entry, waiter, where);
  }

  function settle(entry: Entry, waiter: Waiter, where: Whereabouts): void {
    if (!entry.waiting.delete(waiter)) return;
    waiter.deadline.cancel();
    waiter.onFound(where);
  }

  /** Once for each change, not for each time that it is said. */
  function tell(device: number, before: Finding, { known, rivals, fixed }: Finding): void {
    const isNewRival = rivals.some(({ peer }) => !before.rivals.some(one => peerKey(one.peer) === peerKey(peer)));
    const peers = rivals.map(({ peer }) => peerKey(peer));
    if (isNewRival && fixed) log.warn({ device, peers }, 'other BACnet devices have the instance of this one');
    else if (isNewRival) log.warn({ device, peers }, 'BACnet devices with one instance: none of them is read');
    if (!known || (before.known && peerKey(before.known.peer) === peerKey(known.peer))) return;
    if (before.known) log.warn({ device, peer: peerKey(known.peer) }, 'BACnet device has moved');
    else log.info({ device, peer: peerKey(known.peer) }, 'BACnet device found');
  }

  return {
    where: device => whereOf(entryOf(device)),
    find(device, deadlineMono, onFound) {
      const entry = entryOf(device);
      const waiter: Waiter = {
        deadline: clock.at(deadlineMono, () => settle(entry, waiter, whereOf(entry))),
        onFound,
      };
      entry.waiting.add(waiter);
      goOn();
    },
    onIAm(peer, iAm) {
      const entry = entries.get(iAm.instance);
      if (!entry) return;
      const nowMono = clock.monoMs();
      change(entry, stepFinding(entry.finding, { kind: 'claim', claim: { peer, iAm, atMono: nowMono } }, nowMono));
      goOn();
    },
    askAgain() {
      const nowMono = clock.monoMs();
      for (const entry of entries.values()) entry.finding = stepFinding(entry.finding, { kind: 'hurry' }, nowMono);
      goOn();
    },
    onSilent(device) {
      const entry = entryOf(device);
      change(entry, stepFinding(entry.finding, { kind: 'silent' }, clock.monoMs()));
      goOn();
    },
    describe(device) {
      const entry = entryOf(device);
      const { known, rivals, fixed } = entry.finding;
      const others = rivals.map(({ peer }) => peerKey(peer)).join(', ');
      if (fixed) return others === '' ? [] : [`${others} ${rivals.length > 1 ? 'have' : 'has'} the same instance`];
      return known ? [`found at ${peerKey(known.peer)}`] : [detailOf(entry)];
    },
    close() {
      isClosed = true;
      timer?.cancel();
      for (const entry of entries.values()) {
        for (const waiter of [...entry.waiting]) settle(entry, waiter, closedPlace);
      }
    },
  };
}

const closedPlace: Whereabouts = { kind: 'unknown', detail: 'the bus is closed' };

function whereOf(entry: Entry): Whereabouts {
  const { known, rivals } = entry.finding;
  if (known) return { kind: 'known', peer: known.peer, iAm: known.iAm };
  return { kind: rivals.length > 1 ? 'conflict' : 'unknown', detail: detailOf(entry) };
}

function detailOf({ instance, finding: { rivals } }: Entry): string {
  const claims = rivals.map(({ peer }: Claim) => peerKey(peer));
  return claims.length > 1
    ? `conflict: ${claims.join(' and ')} all say that they are device ${instance}; give each its own instance, or the site file an address`
    : `no device says that it is ${instance}`;
}
