/** What is wrong with a part of a site file, and at which of its fields. */
export interface Finding {
  readonly field: string;
  readonly message: string;
  readonly hint: string;
}
