import { isConflict } from '../kube/index.ts'

const ATTEMPTS = 6

/** Read, modify, write; again when somebody wrote in between. The last conflict is thrown. */
export async function untilNoConflict<T>(readAndWrite: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readAndWrite()
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
  }
}
