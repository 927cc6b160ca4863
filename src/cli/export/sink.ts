/** Takes the rows of an export, some hundreds at a time; resolves when it is ready for more. */
export interface Sink<Row> {
  write(rows: readonly Row[]): Promise<void>;
  /** What comes after the last row. */
  finish(): Promise<void>;
}

/** Where the bytes go: a file, or standard output. */
export type WriteBytes = (bytes: Uint8Array | string) => Promise<void>;
