/** How the traffic is divided: stable from the left, canary from the right. */
export function Flow({ weight }: { weight: number }) {
  const canary = Math.max(0, Math.min(100, weight))
  return (
    <svg class="flow" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={`${canary} % canary`}>
      <rect class="channel" width="100" height="8" />
      {canary > 0 && <rect class="water" x={100 - canary} width={canary} height="8" />}
    </svg>
  )
}
