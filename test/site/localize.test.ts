import { describe, expect, test } from 'vitest';
import { createNumbering, parseSite } from '../../src/site/site.ts';

const self =
  'vendor: a\nmodel: b\nprotocol: self\nsource: [x]\ntrust: x\npoints: [{id: uptime, name: Uptime, name-zh: 运行时间, measure: uptime, unit: s}]\n';
const pump = `
vendor: a
model: b
protocol: modbus
source: [x]
trust: x
points:
  - {id: outlet, name: Outlet pressure, name-zh: 出口压力, input-register: 0, type: u16, scale: 0.01, unit: bar}
  - {id: run, name: {en: Pump, zh: 水泵}, discrete-input: 0}
alarms:
  - {id: high, point: outlet, high: 8 bar}
  - {id: low, point: outlet, low: 2 bar, message: {en: Pressure too low, zh: 压力过低}}
  - {id: stopped, point: run, state: 'off', message: {en: The pump stands}}
`;

function load(language: string, alarms = '') {
  const text = `
gateway: {id: gw, name: {en: Tower B, zh: B座}${language}}
buses: [{id: line, protocol: modbus-tcp, host: 127.0.0.1}]
devices: [{id: booster, bus: line, name: {zh: 增压泵}, profile: pump}]
${alarms}`;
  const result = parseSite(text, 'site.yaml', {
    numbering: createNumbering(),
    resolvePath: path => path,
    readProfile: name => ({ kind: 'found', file: `${name}.yaml`, text: name === 'pump' ? pump : self }),
  });
  return result.kind === 'ok' ? result.site : { problems: result.problems };
}

function messagesOf(language: string, alarms = ''): readonly string[] {
  const site = load(language, alarms);
  return 'rules' in site ? site.rules.map(({ message }) => message) : site.problems.map(({ message }) => message);
}

describe('the language of a gateway', () => {
  test('is English where nobody says anything', () => {
    expect(messagesOf('')).toEqual([
      'Outlet pressure is above 8 bar',
      'Pressure too low',
      'The pump stands',
      '增压泵 does not answer',
    ]);
  });

  test('is that of messages, of names and of what the gateway says itself; where a text is missing another one stands', () => {
    expect(messagesOf(', language: zh')).toEqual(['出口压力高于8 bar', '压力过低', 'The pump stands', '增压泵无应答']);
    expect(load(', language: zh')).toMatchObject({
      gateway: { name: 'B座', language: 'zh' },
      devices: [{ name: '增压泵', points: [{ name: '出口压力' }, { name: '水泵' }] }, { name: '网关' }],
    });
  });

  test('is one that the gateway knows', () => {
    expect(messagesOf(', language: fr')).toEqual(['"fr" is not a valid value for language']);
  });

  test('says every kind of rule in its words', () => {
    const alarms = `alarms:
      - {id: a, point: booster/outlet, rate: {fall: 0.2 bar/s, over: 5s, min-change: 0.3 bar}}
      - {id: b, point: booster/run, state: ['off', 'on']}
      - {id: c, point: booster/outlet, spread: {over: 1m, deviation: 0.2 bar}}
      - {id: d, point: booster/outlet, stale: 1m}
      - {id: e, point: booster/outlet, deviation: {from: 4 bar, below: 0.5 bar}}
      - {id: f, point: booster/outlet, crossings: {of: 4 bar, more-than: 6, in: 2m, band: 0.1 bar}}
      - {id: g, point: booster/outlet, frozen: {for: 6h, span: 0.1 bar, while: booster/run}}
      - {id: h, point: booster/run, counter-rate: {state: 'on', more-than: 6, in: 1h}}
      - {id: i, point: booster/run, duration: {state: 'on', longer-than: 30m}}
      - {id: j, point: booster/run, missing: {state: 'on', within: 8d}}
      - {id: k, point: booster/outlet, band: {share: 40 %, min-change: 0.1 bar}}
      - {id: l, point: booster/outlet, forecast: {reaches: 0 bar, within: 1h, over: 10m, min-change: 0.1 bar}}`;
    expect(messagesOf(', language: zh', alarms).slice(4)).toMatchInlineSnapshot(`
      [
        "出口压力下降快于0.2 bar/s",
        "水泵：off或on",
        "出口压力在1m内波动超过0.2 bar",
        "出口压力已有1m无有效值",
        "出口压力比4 bar低0.5 bar以上",
        "出口压力在2m内穿越4 bar超过6次",
        "出口压力已有6h没有变化，而水泵在变化",
        "水泵在1h内进入“on”超过6次",
        "水泵处于“on”超过30m",
        "水泵已有8d未进入“on”",
        "出口压力与每日此时的水平不符",
        "按目前趋势，出口压力将在1h内达到0 bar",
      ]
    `);
  });

  test('a text in a language that is none is told', () => {
    const alarms = 'alarms: [{id: a, point: booster/outlet, high: 9 bar, message: {de: Druck}}]';
    expect(messagesOf('', alarms)).toEqual(['a mapping is not a valid value for message']);
  });
});
