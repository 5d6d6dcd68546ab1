/** Lines, from 1, of ascending positions: each character is looked at once. */
export const lineCounter = (text: string): ((index: number) => number) => {
  let line = 1
  let next = text.indexOf("\n")
  return (index) => {
    while (next !== -1 && next < index) {
      line++
      next = text.indexOf("\n", next + 1)
    }
    return line
  }
}
