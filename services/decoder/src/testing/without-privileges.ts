/** The user id that owns nothing. */
const NOBODY = 65534;

/**
 * Runs something as a user whom file permissions bind. Does no more than call
 * it when that is so already; root is bound by none.
 */
export async function withoutPrivileges<T>(run: () => Promise<T>): Promise<T> {
  const { geteuid, seteuid } = process;
  if (geteuid === undefined || seteuid === undefined || geteuid() !== 0) return run();
  seteuid(NOBODY);
  try {
    return await run();
  } finally {
    seteuid(0);
  }
}
