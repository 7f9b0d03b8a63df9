/** `<kind>-<id>-<reference>`, with `-2`, `-3`, … from the second of an id on. Kinds: "import", "result", "export", "deliver", an operation. */
export function taskName(kind: string, id: string, reference: string, index = 0): string {
  return `${kind}-${id}-${reference}${index === 0 ? '' : `-${index + 1}`}`;
}
