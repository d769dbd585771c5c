/** The text without bearer and JSON web tokens, and without passwords inside URLs: fit for a log or a status. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***')
    .replace(/eyJ[\w-]{10,}\.[\w-]+\.[\w-]*/g, '***')
    .replace(/:\/\/[^\s/@:]+:[^\s/@]+@/g, '://***@')
}
