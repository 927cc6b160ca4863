import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeWritten, encodeMetrics, longestSealBytes, sealPayload } from '../../../src/uplink/sparkplug/codec.ts';
import { dataTypes, type Metric, type Typed } from '../../../src/uplink/sparkplug/payload.ts';
import { decodeByProtoc, encodeByProtoc } from './protoc.ts';

const at = Date.UTC(2026, 4, 12, 6, 0, 0, 250);

function metric(changes: Partial<Metric> = {}): Metric {
  return {
    name: undefined,
    alias: 7,
    at,
    type: 'double',
    value: 2.9,
    isHistorical: false,
    properties: undefined,
    ...changes,
  };
}

test('protoc reads every kind of value that is written, in the field of its type', () => {
  const typed: readonly (Typed & { readonly field: string })[] = [
    { type: 'int32', value: 192, field: 'int_value' },
    { type: 'int64', value: 255, field: 'long_value' },
    { type: 'uint64', value: Number.MAX_SAFE_INTEGER, field: 'long_value' },
    { type: 'double', value: -0.1, field: 'double_value' },
    { type: 'boolean', value: false, field: 'boolean_value' },
    { type: 'string', value: '水泵房"1"\n\\', field: 'string_value' },
    { type: 'dateTime', value: at, field: 'long_value' },
  ];
  const payload = sealPayload(encodeMetrics(typed.map(({ type, value }) => metric({ type, value }))), at, 5);
  const decoded = decodeByProtoc(payload);
  expect(decoded).toMatchObject({ timestamp: at, seq: 5 });
  expect(decoded.metrics.map(({ datatype, field, value }) => ({ datatype, field, value }))).toEqual(
    typed.map(({ type, value, field }) => ({ datatype: dataTypes[type], field, value })),
  );
});

test('a value that is absent is an explicit null, with its type', () => {
  const { metrics } = decodeByProtoc(
    sealPayload(encodeMetrics([metric({ type: 'boolean', value: undefined })]), at, 0),
  );
  expect(metrics).toEqual([
    {
      alias: 7,
      timestamp: at,
      datatype: dataTypes.boolean,
      isNull: true,
      isHistorical: false,
      properties: {},
      propertyTypes: {},
    },
  ]);
});

test('properties keep their order, their types and their Chinese', () => {
  const properties = {
    engUnit: { type: 'string', value: '米' },
    Quality: { type: 'int32', value: 500 },
    limit: { type: 'double', value: undefined },
  } as const;
  const [decoded] = decodeByProtoc(sealPayload(encodeMetrics([metric({ properties })]), at, 0)).metrics;
  expect(decoded?.properties).toEqual({ engUnit: '米', Quality: 500, limit: null });
  expect(decoded?.propertyTypes).toEqual({
    engUnit: dataTypes.string,
    Quality: dataTypes.int32,
    limit: dataTypes.double,
  });
});

test('negative whole numbers go over the unsigned fields by their bits', () => {
  const metrics = [metric({ type: 'int32', value: -1 }), metric({ type: 'int64', value: -1 })];
  const decoded = decodeByProtoc(sealPayload(encodeMetrics(metrics), at, 0)).metrics;
  expect(decoded.map(({ value }) => value)).toEqual([0xff_ff_ff_ff, 0xff_ff_ff_ff_ff_ff_ff_ffn]);
});

test('a clock that shows nonsense does not keep a payload from being written', () => {
  for (const broken of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300]) {
    const [decoded] = decodeByProtoc(sealPayload(encodeMetrics([metric({ at: broken })]), broken, 0)).metrics;
    expect(decoded?.timestamp).toBeGreaterThanOrEqual(0);
  }
});

test('sealing adds no more bytes than it says', () => {
  for (const time of [0, at, Number.MAX_SAFE_INTEGER]) {
    for (const seq of [0, 127, 128, 255]) {
      expect(sealPayload(new Uint8Array(), time, seq).length).toBeLessThanOrEqual(longestSealBytes);
    }
  }
});

test('what protoc writes is read: by name or by alias, whatever else is in it', () => {
  const written = encodeByProtoc(`
    timestamp: ${at} seq: 3 uuid: "u" body: "\\001\\002"
    metrics { name: "Node Control/Rebirth" timestamp: 1 datatype: 11 is_transient: true boolean_value: true }
    metrics { alias: 12 datatype: 12 string_value: "k3m9x2-17" properties { keys: "a" values { type: 3 int_value: 1 } } }
    metrics { alias: 13 datatype: 10 double_value: 2.5 }
    metrics { alias: 14 datatype: 8 long_value: 9007199254740991 }
    metrics { alias: 15 datatype: 9 float_value: 1.5 }
    metrics { alias: 16 datatype: 17 bytes_value: "xyz" }
    metrics { alias: 17 datatype: 12 is_null: true }
  `);
  expect(decodeWritten(written)).toEqual([
    { name: 'Node Control/Rebirth', alias: undefined, value: true },
    { name: undefined, alias: 12, value: 'k3m9x2-17' },
    { name: undefined, alias: 13, value: 2.5 },
    { name: undefined, alias: 14, value: Number.MAX_SAFE_INTEGER },
    // Kinds that nothing of ours takes are skipped.
    { name: undefined, alias: 15, value: undefined },
    { name: undefined, alias: 16, value: undefined },
    { name: undefined, alias: 17, value: undefined },
  ]);
});

test('bytes that are no payload never throw and are told from an empty one', () => {
  expect(decodeWritten(new Uint8Array())).toEqual([]);
  expect(decodeWritten(Buffer.from('{"online": true}'))).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      const written = decodeWritten(bytes);
      expect(written === undefined || Array.isArray(written)).toBe(true);
    }),
  );
});

test('a damaged payload never throws', () => {
  const whole = encodeByProtoc('metrics { name: "Node Control/Rebirth" datatype: 11 boolean_value: true }');
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (place, byte, length) => {
      const damaged = Uint8Array.from(whole.subarray(0, length));
      if (place < damaged.length) damaged[place] = byte;
      expect(() => decodeWritten(damaged)).not.toThrow();
    }),
  );
});
