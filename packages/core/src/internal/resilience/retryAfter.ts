/** The Retry-After header of HTTP: seconds, or a date in one of its three forms, always in GMT. */

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
const month = `(${months.join("|")})`
const time = "(\\d{2}):(\\d{2}):(\\d{2})"
// "Sun, 06 Nov 1994 08:49:37 GMT"
const fixed = new RegExp(`^[A-Z][a-z]{2}, (\\d{2}) ${month} (\\d{4}) ${time} GMT$`)
// "Sunday, 06-Nov-94 08:49:37 GMT"
const rfc850 = new RegExp(`^[A-Z][a-z]+day, (\\d{2})-${month}-(\\d{2}) ${time} GMT$`)
// "Sun Nov  6 08:49:37 1994"
const asctime = new RegExp(`^[A-Z][a-z]{2} ${month} ([ \\d]\\d) ${time} (\\d{4})$`)

/** Milliseconds to wait as of `now` (milliseconds since 1970); undefined when the header is absent or malformed. */
export const retryAfterMillis = (header: string | undefined, now: number): number | undefined => {
  const value = header?.trim()
  if (value === undefined || value === "") return undefined
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1_000, Number.MAX_SAFE_INTEGER)
  const at = httpDate(value, now)
  return at === undefined ? undefined : Math.max(0, at - now)
}

const httpDate = (value: string, now: number): number | undefined => {
  let match = fixed.exec(value)
  if (match !== null) return utc(match[3]!, match[2]!, match[1]!, match.slice(4))
  match = rfc850.exec(value)
  if (match !== null) {
    // Two digits that would lie more than 50 years ahead mean the past.
    const thisYear = new Date(now).getUTCFullYear()
    let year = thisYear - (thisYear % 100) + Number(match[3])
    if (year > thisYear + 50) year -= 100
    return utc(String(year), match[2]!, match[1]!, match.slice(4))
  }
  match = asctime.exec(value)
  return match === null ? undefined : utc(match[6]!, match[1]!, match[2]!, match.slice(3, 6))
}

const utc = (year: string, name: string, day: string, clock: ReadonlyArray<string>): number | undefined => {
  const [hours, minutes, seconds] = clock.map(Number) as [number, number, number]
  const days = Number(day)
  // 60 is a leap second.
  if (days < 1 || days > 31 || hours > 23 || minutes > 59 || seconds > 60) return undefined
  return Date.UTC(Number(year), months.indexOf(name), days, hours, minutes, seconds)
}
