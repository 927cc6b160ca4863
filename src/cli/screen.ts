import type { CliContext } from './context.ts';
import { drawScreen, enterScreen, leaveScreen } from './render/screen.ts';

/**
 * A terminal that is drawn over in place. Whatever ends the view, a crash included, the terminal is given back as it
 * was; only kill -9 leaves it to the command `reset`.
 */
export class Screen {
  readonly #context: CliContext;
  readonly #onKeys: (keys: string) => void;
  readonly #onResize: () => void;
  #isOpen = true;

  private constructor(context: CliContext, onKeys: (keys: string) => void, onResize: () => void) {
    this.#context = context;
    this.#onKeys = keys => onKeys(String(keys));
    this.#onResize = onResize;
  }

  /** @param onKeys gets what was typed; Ctrl-C comes as \x03, since the keyboard is raw */
  static open(context: CliContext, onKeys: (keys: string) => void, onResize: () => void): Screen {
    const screen = new Screen(context, onKeys, onResize);
    context.signals.on('exit', screen.#giveBack);
    context.out.on('resize', screen.#onResize);
    if (context.in.isTTY) {
      context.in.setRawMode?.(true);
      context.in.on('data', screen.#onKeys);
      context.in.resume();
    }
    context.out.write(enterScreen);
    return screen;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#context.out.columns || 80, rows: this.#context.out.rows || 24 };
  }

  /** The lines must fit the size. A picture is left out while the terminal has not taken the one before. */
  draw(lines: readonly string[]): void {
    if (this.#isOpen && !this.#context.out.writableNeedDrain) this.#context.out.write(drawScreen(lines));
  }

  [Symbol.dispose](): void {
    this.#context.signals.off('exit', this.#giveBack);
    this.#context.out.off('resize', this.#onResize);
    this.#context.in.off('data', this.#onKeys);
    this.#context.in.pause();
    this.#giveBack();
  }

  readonly #giveBack = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#context.in.isTTY) this.#context.in.setRawMode?.(false);
    this.#context.out.write(leaveScreen);
  };
}
