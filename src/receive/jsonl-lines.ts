import type { ArrivedRecord, RecordKind } from './arrival.ts';

/** One line of the file, and what can be read back from it after a restart. */
export type Line =
  | { readonly kind: RecordKind; readonly gateway: string; readonly id: string | undefined }
  /** A person has counted as lost what was missing of this gateway. */
  | { readonly kind: 'given-up'; readonly gateway: string };

export function formatRecord(gateway: string, record: ArrivedRecord, receivedAt: number): string {
  const { kind, id, time, body } = record;
  const receivedAtText = new Date(receivedAt).toISOString();
  const line = { gateway, kind, id: id ?? null, time: time ?? null, receivedAt: receivedAtText, body };
  return `${JSON.stringify(line)}\n`;
}

export function formatGivenUp(gateway: string, missing: readonly unknown[], at: number): string {
  return `${JSON.stringify({ gateway, kind: 'given-up', missing, at: new Date(at).toISOString() })}\n`;
}

const kinds: Readonly<Record<Line['kind'], true>> = {
  alarm: true,
  summary: true,
  status: true,
  standing: true,
  foreign: true,
  'given-up': true,
};

/** Undefined for a line that we have not written. */
export function parseLine(text: string): Line | undefined {
  let line: { readonly kind?: unknown; readonly gateway?: unknown; readonly id?: unknown } | null;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof line !== 'object' || line === null || typeof line.gateway !== 'string') return undefined;
  const kind = Object.keys(kinds).find(known => known === line.kind) as Line['kind'] | undefined;
  if (kind === undefined) return undefined;
  return { kind, gateway: line.gateway, id: typeof line.id === 'string' ? line.id : undefined };
}
