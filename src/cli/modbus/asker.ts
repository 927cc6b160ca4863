import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Answer, Question } from '../../driver.ts';
import { endpointOf, type ModbusBus, type PlantBus } from '../../model/bus.ts';

/** Puts questions to the devices of one bus, one at a time. It reads, as everything does. */
export interface Asker<OwnBus extends PlantBus = ModbusBus> {
  readonly bus: OwnBus;
  readonly isThroughDaemon: boolean;
  /** @throws PlantroomError when the daemon is gone; what the device does is an answer */
  ask(question: Question, timeoutMs: number): Promise<Answer>;
  close(): Promise<void>;
}

/** The daemon owns the bus and finds a place between its polls: two programs never share a line. */
export function createDaemonAsker<OwnBus extends PlantBus>(client: ApiClient, bus: OwnBus): Asker<OwnBus> {
  return {
    bus,
    isThroughDaemon: true,
    ask: (question, timeoutMs) => client.ask({ bus: bus.id, question, timeoutMs }),
    close: async () => {},
  };
}

/** A bus that nobody owns is opened here, with the daemon's own driver, by the first question. */
export async function createDirectAsker<OwnBus extends PlantBus>(bus: OwnBus, clock: Clock): Promise<Asker<OwnBus>> {
  const { createPlantDrivers } = await import('../../../drivers/registry.ts');
  const open = createPlantDrivers()
    .find(({ protocol }) => protocol === bus.protocol)
    ?.create({ bus, clock, log: silentLog });
  if (!open) throw new Error(`no driver for ${bus.protocol}`);
  return {
    bus,
    isThroughDaemon: false,
    ask: (question, timeoutMs) => new Promise(resolve => open.ask(question, timeoutMs, resolve)),
    close: () => open.close(),
  };
}

/** `127.0.0.1:502`, or `127.0.0.1:502 through the daemon (bus plant)`. */
export function describeAsker({ bus, isThroughDaemon }: Pick<Asker<PlantBus>, 'bus' | 'isThroughDaemon'>): string {
  return isThroughDaemon ? `${endpointOf(bus)} through the daemon (bus ${bus.id})` : endpointOf(bus);
}
