/** A sentence in which names stand between backticks. */
export function Prose({ text }: { text: string }) {
  return text.split('`').map((part, at) =>
    at % 2 === 1 ? (
      <code key={at} className="font-mono text-[0.92em]">
        {part}
      </code>
    ) : (
      part
    ),
  )
}
