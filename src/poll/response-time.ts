import type { Silences } from '../driver.ts';

/** How long a device takes to answer, smoothed as RFC 6298 does it for TCP. Changed in place; NaN before the first answer. */
export interface ResponseTime {
  smoothedMs: number;
  /** Smoothed distance of the answers from smoothedMs. */
  variationMs: number;
}

const smoothing = 1 / 8;
const variationSmoothing = 1 / 4;

/** A timeout is this many times the smoothed response time. */
const patience = 4;

export function unmeasured(): ResponseTime {
  return { smoothedMs: Number.NaN, variationMs: Number.NaN };
}

export function isMeasured({ smoothedMs }: ResponseTime): boolean {
  return !Number.isNaN(smoothedMs);
}

export function addResponse(response: ResponseTime, responseMs: number): void {
  if (!isMeasured(response)) {
    response.smoothedMs = responseMs;
    response.variationMs = responseMs / 2;
    return;
  }
  const distanceMs = Math.abs(responseMs - response.smoothedMs);
  response.variationMs += variationSmoothing * (distanceMs - response.variationMs);
  response.smoothedMs += smoothing * (responseMs - response.smoothedMs);
}

/**
 * What of it is the device's own, for plans and forecasts: they count the silence before an answer as time of the wire.
 * Undefined before the first answer.
 */
export function turnaroundMsOf(response: ResponseTime, { beforeAnswerMs }: Silences): number | undefined {
  return isMeasured(response) ? Math.max(0, response.smoothedMs - beforeAnswerMs) : undefined;
}

/**
 * How long a device that was heard may take for its next answer, ms: four times its smoothed response time, or that plus
 * four times its variation if it is longer; not below the floor, not above the ceiling.
 */
export function usualTimeoutMs({ smoothedMs, variationMs }: ResponseTime, floorMs: number, ceilingMs: number): number {
  const wantedMs = Math.max(patience * smoothedMs, smoothedMs + patience * variationMs);
  return Math.min(ceilingMs, Math.max(floorMs, wantedMs));
}
