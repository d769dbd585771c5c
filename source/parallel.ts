const AT_ONCE = 6

/** In order of `items`, a few at a time. Rejects with the first error, when what had begun has ended. */
export async function inParallel<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  async function worker(): Promise<void> {
    while (next < items.length) {
      const index = next
      next += 1
      results[index] = await work(items[index]!)
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, () => worker()))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
  return results
}
