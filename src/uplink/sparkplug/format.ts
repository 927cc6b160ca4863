import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { GatewaySettings, UplinkSettings } from '../../model/site.ts';
import type { Format } from '../format.ts';
import type { Plant } from './plant.ts';
import { createSession } from './session.ts';
import { sparkplugTopics } from './topics.ts';

export interface SparkplugOptions {
  readonly settings: UplinkSettings;
  readonly gateway: Pick<GatewaySettings, 'id' | 'name'>;
  readonly version: string;
  readonly plant: Plant;
  readonly clock: Clock;
  readonly random: Random;
}

/** How many numbers connections are told apart by. */
const bdSeqCount = 256;

/** Sparkplug B 3.0. What it says and promises: docs/sparkplug.md. */
export function createSparkplugFormat(options: SparkplugOptions): Format {
  const { settings, gateway, version, plant, clock, random } = options;
  const { groupId, primaryHost } = settings.sparkplug ?? { groupId: 'plantroom', primaryHost: undefined };
  const topics = sparkplugTopics(groupId, gateway.id);
  // It is not kept over restarts. A number drawn by lot is not likely to be that of the process before, whose death may
  // still be on its way.
  let bdSeq = Math.floor(random.next() * bdSeqCount);

  return {
    openSession() {
      bdSeq = (bdSeq + 1) % bdSeqCount;
      const facts = { version, bdSeq, settings };
      return createSession({ topics, primaryHost, facts, plant, clock });
    },
  };
}
