import { cursorOn, readApplicationUnsigned } from './tags.ts';

const enumeratedTag = 9;

/** Class and code of an error; undefined when it does not say them. Codes: see codec.ts. */
export function decodeErrorPayload(
  payload: Buffer,
): { readonly kind: 'error'; readonly errorClass: number; readonly errorCode: number } | undefined {
  const cursor = cursorOn(payload);
  const errorClass = readApplicationUnsigned(cursor, enumeratedTag);
  const errorCode = readApplicationUnsigned(cursor, enumeratedTag);
  if (errorClass === undefined || errorCode === undefined || cursor.at !== cursor.end) return undefined;
  return { kind: 'error', errorClass, errorCode };
}
