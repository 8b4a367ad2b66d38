/** Lines that come together: the product's mark. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round" className="text-accent" aria-hidden>
      <path d="M3 5h3.5c3 0 3 7 6 7H21" />
      <path d="M3 12h18" />
      <path d="M3 19h3.5c3 0 3-7 6-7" />
    </svg>
  )
}
