/** The topics of one gateway. The contract is docs/mqtt.md. */
export interface Topics {
  readonly status: string;
  readonly alarm: string;
  readonly summary: string;
}

/** `<prefix>/<gateway>/status`, `…/alarm` and `…/summary`. The prefix may have several levels. */
export function topicsOf(prefix: string, gatewayId: string): Topics {
  const base = `${prefix}/${gatewayId}`;
  return { status: `${base}/status`, alarm: `${base}/alarm`, summary: `${base}/summary` };
}
