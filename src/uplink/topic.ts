/** The topics of one gateway in the native format. The contract is docs/mqtt.md. */
export interface Topics {
  readonly status: string;
  readonly alarm: string;
  readonly standing: string;
  readonly summary: string;
  readonly reply: string;
  /** The platform publishes on these two. */
  readonly confirm: string;
  readonly command: string;
}

/** `<prefix>/<gateway>/status` and so on. The prefix may have several levels. */
export function topicsOf(prefix: string, gatewayId: string): Topics {
  const base = `${prefix}/${gatewayId}`;
  return {
    status: `${base}/status`,
    alarm: `${base}/alarm`,
    standing: `${base}/standing`,
    summary: `${base}/summary`,
    reply: `${base}/reply`,
    confirm: `${base}/confirm`,
    command: `${base}/command`,
  };
}
