/** Carries bytes to the far side and back: a socket or a serial port. Used once: after it is gone another one is opened. */
export interface Link {
  /** True once it stands, false when it could not be opened. */
  readonly connected: Promise<boolean>;
  readonly isOpen: boolean;
  readonly isGone: boolean;
  /** Why it ended, or could not be opened; undefined before. */
  readonly goneBecause: string | undefined;
  send(bytes: Uint8Array): void;
  /** Drops it at once, whatever is under way; resolves when the system has let go of it. */
  close(detail: string): Promise<void>;
}

export interface LinkHandlers {
  /** How long opening may take. */
  readonly connectTimeoutMs: number;
  /** The first `count` bytes of one reused buffer: copy what you keep. */
  readonly onBytes: (bytes: Uint8Array, count: number) => void;
  /** Called once, when the link ended or could not be opened; nothing is called after it. */
  readonly onGone: (detail: string) => void;
  /** How many bytes are still missing of the frame under way; a serial link need not wake up before they can be there. */
  readonly missingBytes: () => number;
}

export type OpenLink = (handlers: LinkHandlers) => Link;
