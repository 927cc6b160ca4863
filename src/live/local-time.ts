/** Ms since midnight in the time zone of the gateway. */
export function localTimeOfDay(wallMs: number): number {
  const date = new Date(wallMs);
  const seconds = (date.getHours() * 60 + date.getMinutes()) * 60 + date.getSeconds();
  return seconds * 1_000 + date.getMilliseconds();
}
