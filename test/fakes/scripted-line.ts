import type { Link, LinkHandlers, OpenLink } from '../../drivers/modbus/link.ts';
import type { Clock } from '../../src/base/clock.ts';

/** A link in memory: the test is the far side, byte by byte. */
export interface ScriptedLine {
  readonly openLink: OpenLink;
  /** Every frame that was sent, and when. */
  readonly sent: { readonly atMono: number; readonly frame: Buffer }[];
  /** Called for every frame that is sent. */
  onSent: ((frame: Buffer) => void) | undefined;
  /** How many times it was opened. */
  opened(): number;
  /** Bytes arrive. */
  deliver(bytes: Uint8Array | readonly number[]): void;
  /** It breaks, and cannot be opened until it is mended. */
  breakDown(): void;
  mend(): void;
}

export function createScriptedLine(clock: Clock): ScriptedLine {
  let opened = 0;
  let isBroken = false;
  let current: { readonly handlers: LinkHandlers; end(detail: string): void } | undefined;

  const openLink: OpenLink = handlers => {
    opened += 1;
    let goneBecause = isBroken ? 'there is no such port' : undefined;
    const end = (detail: string) => {
      if (goneBecause !== undefined) return;
      goneBecause = detail;
      handlers.onGone(detail);
    };
    if (!isBroken) current = { handlers, end };
    let isConnected = false;
    const connected = Promise.resolve(!isBroken).then(isThere => {
      isConnected = isThere;
      return isThere;
    });
    const link: Link = {
      connected,
      get isOpen() {
        return isConnected && goneBecause === undefined;
      },
      get isGone() {
        return goneBecause !== undefined;
      },
      get goneBecause() {
        return goneBecause;
      },
      send(bytes) {
        const frame = Buffer.from(bytes);
        line.sent.push({ atMono: clock.monoMs(), frame });
        line.onSent?.(frame);
      },
      async close(detail) {
        end(detail);
      },
    };
    return link;
  };

  const line: ScriptedLine = {
    openLink,
    sent: [],
    onSent: undefined,
    opened: () => opened,
    deliver(bytes) {
      const chunk = Buffer.from(bytes);
      current?.handlers.onBytes(chunk, chunk.length);
    },
    breakDown() {
      isBroken = true;
      current?.end('the port is gone');
      current = undefined;
    },
    mend() {
      isBroken = false;
    },
  };
  return line;
}
