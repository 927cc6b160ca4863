/** The languages of what people read of the plant: messages of alarms, names. Logs, commands and states stay English. */
export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/*
 * What the gateway says where a site file gives no text of its own. One line for each thing, in every language: a key
 * that one of them lacks, or a placeholder that it does not fill, is an error of types or of test/model/texts.test.ts.
 */

const en = {
  gateway: 'Gateway',
  computed: 'Computed',
  above: '{name} is above {limit}',
  below: '{name} is below {limit}',
  rise: '{name} rises faster than {rate}',
  fall: '{name} falls faster than {rate}',
  change: '{name} changes faster than {rate}',
  state: '{name} is {states}',
  or: ' or ',
  spread: '{name} swings by more than {size} in {time}',
  stale: '{name} has had no good value for {time}',
  farAbove: '{name} is more than {size} above {other}',
  farBelow: '{name} is more than {size} below {other}',
  farAway: '{name} is more than {size} away from {other}',
  crossings: '{name} has crossed {other} more than {count} times in {time}',
  mismatch: '{name} does not follow {command}',
  notStarted: '{name} is not on {time} after {command} came',
  notStopped: '{name} is still on {time} after {command} went',
  frozen: '{name} has not moved for {time}',
  frozenWhile: '{name} has not moved for {time}, while {other} has',
  risesMore: '{name} rises by more than {amount} in {time}',
  risesLess: '{name} rises by less than {amount} in {time}',
  comesMore: '{name} comes to {states} more than {amount} in {time}',
  comesLess: '{name} comes to {states} less than {amount} in {time}',
  once: 'once',
  times: '{count} times',
  tooLong: '{name} is {states} for more than {time}',
  tooLongAbove: '{name} is above {limit} for more than {time}',
  tooLongBelow: '{name} is below {limit} for more than {time}',
  notRisen: '{name} has not risen for {time}',
  notReached: '{name} was not {states} for {time}',
  bandAbove: '{name} is above what it was at this time of day',
  bandBelow: '{name} is below what it was at this time of day',
  band: '{name} is not what it was at this time of day',
  forecast: '{name} reaches {limit} within {time} if it goes on so',
  silentDevice: '{name} does not answer',
  silentBus: 'no device of the bus {bus} answers',
  flood: 'more alarms than a person can read: more than 10 in 10 minutes',
} as const;

export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, string>>;

const zh: Texts = {
  gateway: '网关',
  computed: '计算点',
  above: '{name}高于{limit}',
  below: '{name}低于{limit}',
  rise: '{name}上升快于{rate}',
  fall: '{name}下降快于{rate}',
  change: '{name}变化快于{rate}',
  state: '{name}：{states}',
  or: '或',
  spread: '{name}在{time}内波动超过{size}',
  stale: '{name}已有{time}无有效值',
  farAbove: '{name}比{other}高出{size}以上',
  farBelow: '{name}比{other}低{size}以上',
  farAway: '{name}偏离{other}超过{size}',
  crossings: '{name}在{time}内穿越{other}超过{count}次',
  mismatch: '{name}与{command}不一致',
  notStarted: '{command}发出{time}后{name}仍未启动',
  notStopped: '{command}撤销{time}后{name}仍未停止',
  frozen: '{name}已有{time}没有变化',
  frozenWhile: '{name}已有{time}没有变化，而{other}在变化',
  risesMore: '{name}在{time}内增加超过{amount}',
  risesLess: '{name}在{time}内增加不足{amount}',
  comesMore: '{name}在{time}内进入“{states}”超过{amount}',
  comesLess: '{name}在{time}内进入“{states}”不足{amount}',
  once: '1次',
  times: '{count}次',
  tooLong: '{name}处于“{states}”超过{time}',
  tooLongAbove: '{name}高于{limit}超过{time}',
  tooLongBelow: '{name}低于{limit}超过{time}',
  notRisen: '{name}已有{time}没有增加',
  notReached: '{name}已有{time}未进入“{states}”',
  bandAbove: '{name}高于每日此时的水平',
  bandBelow: '{name}低于每日此时的水平',
  band: '{name}与每日此时的水平不符',
  forecast: '按目前趋势，{name}将在{time}内达到{limit}',
  silentDevice: '{name}无应答',
  silentBus: '总线{bus}上的设备均无应答',
  flood: '报警过多，人已来不及处理：10分钟内超过10条',
};

export const texts: Readonly<Record<Language, Texts>> = { en, zh };

type PlaceholdersOf<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholdersOf<Rest>
  : never;

/** A text with its placeholders filled. */
export function say<Key extends TextKey>(
  language: Language,
  key: Key,
  parts: Readonly<Record<PlaceholdersOf<(typeof en)[Key]>, string | number>>,
): string {
  const filled = new Map<string, string | number>(Object.entries(parts));
  return texts[language][key].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(filled.get(name) ?? whole));
}
