/**
 * Whether an error carries this code, as those of the operating system do (`ENOENT`).
 *
 * Does not ask for `instanceof Error`: such an error may come from another realm.
 */
export function hasErrorCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}
