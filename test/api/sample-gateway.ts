import { join } from 'node:path';
import type { Answer, Question } from '../../src/driver.ts';
import type { Gateway } from '../../src/gateway.ts';
import type { AlarmEvent, AlarmState } from '../../src/model/alarm.ts';
import type { Command, CommandReply } from '../../src/model/command.ts';
import type { OutputView } from '../../src/model/output.ts';
import type { Site } from '../../src/model/site.ts';
import type {
  HistoryView,
  HoleView,
  PointView,
  StatusView,
  SuppressionView,
  UplinkView,
} from '../../src/model/view.ts';
import { loadSite } from '../../src/site/site.ts';
import { phaseAfter, plainEvent, standingState } from '../fakes/alarm-parts.ts';

/** 2026-01-31 14:05:09 UTC */
export const sampleWallMs = Date.UTC(2026, 0, 31, 14, 5, 9);

/** A gateway whose every answer a test decides: it stands where the real one would, behind the same door. */
export class SampleGateway implements Gateway {
  pointViews: PointView[] = samplePoints();
  standing: AlarmState[] = [sampleAlarm()];
  hidden: AlarmState[] = [];
  suppressions: SuppressionView[] = [];
  history: AlarmEvent[] = [sampleEvent()];
  statusView: StatusView = sampleStatus();
  outputViews: OutputView[] = sampleOutputs();
  holeViews: HoleView[] = sampleHoles();
  reply: CommandReply = { kind: 'done', message: 'reloaded: 2 devices, 4 points' };
  /** Commands that came through the door. */
  readonly commands: Command[] = [];
  readonly historyLimits: number[] = [];
  /** What a device answers to a question of a person. */
  answer: Answer = { kind: 'raw', values: [0], responseMs: 12 };
  readonly questions: { readonly question: Question; readonly timeoutMs: number }[] = [];

  /** What is asked of the plant itself. */
  runningSite: Site = loadDemoSite();

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async handle(command: Command): Promise<CommandReply> {
    this.commands.push(command);
    return this.reply;
  }

  points(): readonly PointView[] {
    return this.pointViews;
  }

  async alarms(historyLimit: number) {
    this.historyLimits.push(historyLimit);
    return {
      standing: this.standing,
      hidden: this.hidden,
      suppressions: this.suppressions,
      deadlines: [],
      history: this.history.slice(0, historyLimit),
    };
  }

  status(): StatusView {
    return this.statusView;
  }

  site(): Site {
    return this.runningSite;
  }

  async ask(_busId: string, question: Question, timeoutMs: number): Promise<Answer> {
    this.questions.push({ question, timeoutMs });
    return this.answer;
  }

  holes(): readonly HoleView[] {
    return this.holeViews;
  }

  outputs(): readonly OutputView[] {
    return this.outputViews;
  }
}

export function samplePoint(changes: Partial<PointView> = {}): PointView {
  return {
    key: 'booster/pressure',
    name: 'Discharge pressure',
    device: 'booster',
    deviceName: 'Booster set',
    value: 5.204,
    state: null,
    unit: 'bar',
    quality: 'good',
    sampledAt: sampleWallMs,
    ageMs: 340,
    intervalMs: 1_000,
    alarms: [],
    ...changes,
  };
}

export function samplePoints(): PointView[] {
  return [
    samplePoint({ alarms: ['booster/pressure-low'] }),
    samplePoint({ key: 'booster/pump-1', name: '1号水泵', value: 1, state: 'running', unit: '' }),
    samplePoint({
      key: 'feeder/current-l1',
      name: 'Current L1',
      device: 'feeder',
      deviceName: 'Main feeder',
      value: 118.2,
      unit: 'A',
      quality: 'timeout',
      ageMs: 65_000,
    }),
    samplePoint({
      key: 'feeder/serial',
      name: 'Serial number',
      device: 'feeder',
      deviceName: 'Main feeder',
      value: null,
      unit: '',
      quality: 'not-read',
      sampledAt: null,
      ageMs: null,
    }),
  ];
}

export function sampleHoles(): HoleView[] {
  const meter = { device: 'feeder', deviceName: 'Main feeder', table: 'holding-register' } as const;
  const times = { since: sampleWallMs - 3_600_000, nextTryAt: sampleWallMs + 3_600_000 };
  return [
    { ...meter, kind: 'hole', address: 12, count: 2, points: ['feeder/current-l1'], ...times },
    { ...meter, kind: 'cut', address: 12, count: 0, points: [], ...times },
  ];
}

export function sampleOutputs(): OutputView[] {
  const calls = { alarms: ['booster/pressure-low'], health: 'ok', lastFailure: null } as const;
  const siren = { id: 'siren', name: 'Siren at the door', kind: 'siren', pin: 'BCM 17' } as const;
  const beacon = { id: 'beacon', name: 'beacon', kind: 'beacon', pin: 'line 3 of tca9534' } as const;
  return [
    { ...siren, ...calls, pattern: 'off', why: 'nothing', silenced: 1 },
    { ...beacon, ...calls, pattern: 'fast', why: 'alarm', silenced: 0 },
  ];
}

export function sampleAlarm(changes: Partial<AlarmState> = {}): AlarmState {
  return {
    alarm: 'booster/pressure-low',
    occurrence: 'abc-12',
    ...standingState,
    raisedAt: sampleWallMs - 95_000,
    priority: 'high',
    message: 'Discharge pressure is low',
    rule: 'limit',
    value: 1.93,
    state: undefined,
    unit: 'bar',
    ...changes,
  };
}

export function sampleEvent(changes: Partial<AlarmEvent> = {}): AlarmEvent {
  return {
    number: 12,
    id: 'abc-12',
    kind: 'raised',
    alarm: 'booster/pressure-low',
    occurrence: 'abc-12',
    rule: 'limit',
    priority: 'high',
    message: 'Discharge pressure is low',
    device: 'booster',
    deviceName: 'Booster set',
    point: 'booster/pressure',
    pointName: 'Discharge pressure',
    value: 1.93,
    state: undefined,
    unit: 'bar',
    limit: 2,
    ...plainEvent,
    phase: phaseAfter(changes.kind ?? 'raised'),
    sampledAt: sampleWallMs - 95_000,
    detectedAt: sampleWallMs - 94_999,
    stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
    ...changes,
  };
}

export function sampleStatus(changes: Partial<StatusView> = {}): StatusView {
  const latency = { count: 1_200, p50: 0.04, p99: 0.31, max: 4.2 };
  return {
    version: '0.1.0',
    gateway: { id: 'demo', name: 'Demo plant' },
    siteFile: '/etc/plantroom/site.yaml',
    startedAt: sampleWallMs - 7_500_000,
    uptimeMs: 7_500_000,
    pid: 4711,
    clock: { quality: 'synchronised', jumps: 0 },
    memoryBytes: 84_300_000,
    points: { total: 4, good: 2, bad: 2 },
    alarms: { standing: 1 },
    suppressions: [],
    buses: [
      {
        id: 'plant',
        protocol: 'modbus-tcp',
        endpoint: '127.0.0.1:15020',
        readsDue: 4_800,
        readsDone: 4_790,
        readsFailed: 10,
        readsMissed: 0,
        load: 0.034,
        deadShare: 0.012,
        predictedLoad: 0.036,
      },
    ],
    devices: [
      {
        id: 'booster',
        name: 'Booster set',
        bus: 'plant',
        health: 'online',
        readsDone: 3_600,
        readsFailed: 0,
        readsMissed: 0,
        lastFailure: null,
        responseMs: 11.8,
        timeoutMs: 250,
        nextProbeMs: null,
        notes: [],
      },
      {
        id: 'feeder',
        name: 'Main feeder',
        bus: 'plant',
        health: 'offline',
        readsDone: 1_190,
        readsFailed: 10,
        readsMissed: 0,
        lastFailure: 'no answer within 1s',
        responseMs: null,
        timeoutMs: 200,
        nextProbeMs: 2_600,
        notes: [],
      },
    ],
    store: {
      path: '/var/lib/plantroom/plantroom.db',
      state: 'ok',
      setAside: null,
      sizeBytes: 1_420_000,
      limitBytes: 2_000_000_000,
      lastEventNumber: 12,
      writtenBytes: 18_200_000,
      writtenPerDayBytes: 209_664_000,
    },
    history: sampleHistory(),
    uplinks: [sampleUplink()],
    outputs: [],
    latency: {
      sampledToDetected: latency,
      detectedToCommitted: { count: 12, p50: 1.8, p99: 12.4, max: 120.2 },
      committedToAcknowledged: { count: 0, p50: 0, p99: 0, max: 0 },
      detectedToAcknowledged: { count: 0, p50: 0, p99: 0, max: 0 },
      lateness: { count: 4_790, p50: 0.4, p99: 1.9, max: 1_240 },
    },
    ...changes,
  };
}

export function sampleHistory(changes: Partial<HistoryView> = {}): HistoryView {
  const oldestAt = sampleWallMs - 7_440_000;
  return {
    state: 'ok',
    lastFailure: null,
    setAside: null,
    classes: {
      raw: { sizeBytes: 410_000, oldestAt, shed: 0 },
      '1min': { sizeBytes: 180_000, oldestAt, shed: 0 },
      '15min': { sizeBytes: 12_000, oldestAt, shed: 0 },
      '1day': { sizeBytes: 0, oldestAt: null, shed: 0 },
    },
    droppedSamples: 0,
    droppedSummaries: 0,
    ...changes,
  };
}

export function sampleUplink(changes: Partial<UplinkView> = {}): UplinkView {
  return {
    id: 'platform',
    state: 'connected',
    url: 'mqtt://broker:1883',
    lastFailure: null,
    backlogAlarms: 0,
    backlogSummaries: 3,
    unconfirmed: 0,
    droppedSummaries: 0,
    ...changes,
  };
}

function loadDemoSite(): Site {
  const loaded = loadSite(join(import.meta.dirname, '../../config/demo.yaml'));
  if (loaded.kind === 'wrong') throw new Error('config/demo.yaml is wrong');
  return loaded.site;
}
