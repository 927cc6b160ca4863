import { userInfo } from 'node:os';

/** The person, also behind sudo. */
export function loginName(env: NodeJS.ProcessEnv): string {
  if (env.SUDO_USER) return env.SUDO_USER;
  try {
    return userInfo().username;
  } catch {
    return 'cli';
  }
}
