/** Bytes that are not what they should be. `detail` is a phrase that fits behind "bad reply:". */
export interface Wrong {
  readonly kind: 'wrong';
  readonly detail: string;
}

export function wrong(detail: string): Wrong {
  return { kind: 'wrong', detail };
}
