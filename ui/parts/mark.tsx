/** A gate, half open, and what flows under it. */
export const Mark = () => (
  <svg class="gate" viewBox="0 0 24 24" aria-hidden="true">
    <path d="M4 3v18M20 3v18" />
    <path class="blade" d="M7 4h10v7H7z" />
    <path class="wave" d="M7 17.5c1.7-1.6 3.3-1.6 5 0s3.3 1.6 5 0" />
  </svg>
)
