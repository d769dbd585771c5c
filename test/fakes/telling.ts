/** An array that says when something was put into it. */
export function telling<T>(items: T[], tell: () => void): T[] {
  const push = items.push.bind(items)
  const value = (...more: T[]): number => {
    const length = push(...more)
    tell()
    return length
  }
  return Object.defineProperty(items, 'push', { value })
}
