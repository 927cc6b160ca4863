import type { Clock } from '../base/clock.ts';
import { type Random, randomId } from '../base/random.ts';
import type { Standing } from '../model/outbox.ts';
import type { UplinkSettings } from '../model/site.ts';
import type { Format } from './format.ts';
import { createNativeFormat } from './native-format.ts';
import type { PlantNow } from './plant-now.ts';

export interface FormatOptions {
  readonly settings: UplinkSettings;
  readonly gateway: { readonly id: string; readonly name: string };
  readonly version: string;
  readonly plant: PlantNow;
  readonly standing: () => Standing;
  readonly clock: Clock;
  readonly random: Random;
}

/** The format that the site file asks for. */
export async function createFormat(options: FormatOptions): Promise<Format> {
  const { clock, plant, standing } = options;
  switch (options.settings.format) {
    case 'native':
      return createNativeFormat({ ...options, wallMs: () => clock.wallMs(), newId: randomId });
    case 'sparkplug-b': {
      // Loaded only where it is spoken, for its library takes memory.
      const { createSparkplugFormat } = await import('./sparkplug/format.ts');
      const asked = { site: () => plant.site(), pointNow: (point: number) => plant.pointNow(point), standing };
      return createSparkplugFormat({ ...options, plant: asked });
    }
  }
}
