import type { Timer } from '../base/clock.ts';
import { linkPort, refuseForeignFolder, unlinkPort } from './port-link.ts';
import { openPty, type Pty } from './pty.ts';
import { createSlaveEndpoint } from './slave-endpoint.ts';
import type { ServerOptions, SlaveServer } from './slave-server.ts';

export interface PtyServerOptions extends ServerOptions {
  /** Where a master looks for the port. */
  readonly path: string;
}

/** An adapter that dropped off comes back after this, as a real one does. */
const backAfterMs = 1_000;

/**
 * Serves units on a pseudo terminal, as RTU slaves on a serial line.
 *
 * @throws PlantroomError as openPty and linkPort do
 */
export async function openPtyServer(options: PtyServerOptions): Promise<SlaveServer> {
  const { clock, path } = options;
  await refuseForeignFolder(path);
  let pty: Pty | undefined;
  let isOver = false;
  let back: Timer | undefined;
  /** One after the other: a plug is not put in while it is being pulled out. */
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };

  const endpoint = createSlaveEndpoint({
    ...options,
    framing: 'rtu',
    send: bytes => pty?.write(bytes),
    close: () => void inTurn(dropOff),
  });
  const putIn = async () => {
    if (pty || isOver) return;
    const opened = await openPty({ clock, onBytes: bytes => endpoint.receive(bytes), onGone: () => onGone(opened) });
    try {
      await linkPort(path, opened.device);
      pty = opened;
    } catch (thrown) {
      await opened.close();
      throw thrown;
    }
  };
  const pullOut = async () => {
    const closing = pty;
    pty = undefined;
    if (!closing) return;
    await unlinkPort(path, closing.device);
    await closing.close();
  };
  const dropOff = async () => {
    await pullOut();
    back = clock.at(clock.monoMs() + backAfterMs, () => {
      // Whoever took the place meanwhile keeps it; a person can still plug it in by hand.
      inTurn(putIn).catch(() => {});
    });
  };
  const onGone = (gone: Pty) => {
    if (pty === gone) pty = undefined;
    void unlinkPort(path, gone.device);
  };
  await inTurn(putIn);
  return {
    port: undefined,
    counts: endpoint.counts,
    get isPlugged() {
      return pty !== undefined;
    },
    plug: () => inTurn(putIn),
    unplug: () => {
      back?.cancel();
      return inTurn(pullOut);
    },
    async close() {
      isOver = true;
      back?.cancel();
      endpoint.end();
      await inTurn(pullOut);
    },
  };
}
