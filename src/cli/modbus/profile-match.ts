import type { Identity } from '../../driver.ts';

/** What a profile says of the devices it fits. */
export interface ProfileHead {
  readonly name: string;
  readonly vendor: string;
  readonly model: string;
}

/**
 * The one profile whose maker and whose model name are both in a device's identification; undefined when none or several
 * are. A wrong suggestion would send a technician to wrong registers: in doubt there is none.
 */
export function matchProfile(identity: Identity, heads: readonly ProfileHead[]): string | undefined {
  const words = wordsOf(`${identity.vendor} ${identity.product}`);
  const fitting = heads.filter(({ vendor, model }) => {
    const makers = wordsOf(vendor).filter(word => word.length >= 3 && !emptyWords.has(word));
    return makers.some(maker => words.includes(maker)) && modelNames(model).some(name => hasModel(words, name));
  });
  return fitting.length === 1 ? fitting[0]?.name : undefined;
}

const emptyWords: ReadonlySet<string> = new Set([
  'generic',
  'many',
  'oems',
  'family',
  'panel',
  'meter',
  'electric',
  'electronics',
]);

/** Words of letters and digits, as model names are: pm5100, 96rm; of `iEM3150/3155` both, iem3150 and iem3155. */
function modelNames(model: string): string[] {
  let family = '';
  const names = wordsOf(model).map(word => {
    const isNumber = /^\d+$/.test(word);
    if (!isNumber) family = /^[a-z]+(?=\d+$)/.exec(word)?.[0] ?? '';
    return isNumber ? family + word : word;
  });
  return names.filter(name => /[a-z]/.test(name) && /\d/.test(name) && name.length >= 4 && !/^rs\d/.test(name));
}

/** A model is often followed by its variant: SDM630MCT is an SDM630. A further digit makes it another model. */
function hasModel(words: readonly string[], name: string): boolean {
  return words.some(word => word === name || (word.startsWith(name) && /^[a-z]/.test(word.slice(name.length))));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
