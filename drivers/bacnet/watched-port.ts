import type { UdpPort } from './udp-port.ts';

/** A port that remembers why it is down, so that a device that cannot be looked for is not called silent. */
export interface WatchedPort extends UdpPort {
  /** Why nothing can be sent; undefined while it can. */
  readonly downBecause: string | undefined;
}

export function watchedPort(port: UdpPort): WatchedPort {
  let downBecause: string | undefined;
  return {
    ...port,
    get downBecause() {
      return downBecause;
    },
    open(handlers) {
      downBecause = undefined;
      port.open({
        ...handlers,
        onDown(detail) {
          downBecause = detail;
          handlers.onDown(detail);
        },
      });
    },
  };
}
