import { PlantroomError } from '../base/errors.ts';
import { randomId } from '../base/random.ts';
import type { UplinkSettings } from '../model/site.ts';
import type { Format } from './format.ts';
import { createNativeFormat } from './native-format.ts';

export interface FormatOptions {
  readonly settings: UplinkSettings;
  readonly gateway: { readonly id: string; readonly name: string };
  readonly version: string;
  readonly wallMs: () => number;
}

/**
 * The format that the site file asks for.
 * @throws PlantroomError of kind `site` when this plantroom does not have it
 */
export function createFormat(options: FormatOptions): Format {
  const { format } = options.settings;
  switch (format) {
    case 'native':
      return createNativeFormat({ ...options, newId: randomId });
    case 'sparkplug-b':
      throw new PlantroomError(`the format ${format} is not in this version of plantroom`, {
        kind: 'site',
        hint: 'write format: native',
      });
  }
}
