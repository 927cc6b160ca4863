/** What the bytes that came so far are. `adu`: unit id and PDU, without what frames them. */
export type ReplyCheck =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'data'; readonly aduBytes: number }
  | { readonly kind: 'exception'; readonly aduBytes: number; readonly code: number }
  | { readonly kind: 'wrong'; readonly detail: string };

export const incomplete: ReplyCheck = { kind: 'incomplete' };

/** Unit id and a PDU of 253 bytes. */
export const mostAduBytes = 254;

export function wrong(what: string, expected: number, found: number | undefined): ReplyCheck {
  return { kind: 'wrong', detail: `${what} ${found} instead of ${expected}` };
}
