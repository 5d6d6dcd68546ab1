/** The `Retry-After` header: whole seconds, or an HTTP date. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** How long the server asks to be left alone; none when absent or malformed. A date in the past is zero. */
export const parseRetryAfter = (
  header: string | undefined,
  now: number
): Option.Option<Duration.Duration> => {
  if (header === undefined) return Option.none()
  const text = header.trim()
  if (/^\d{1,9}$/.test(text)) return Option.some(Duration.seconds(Number(text)))
  // Date.parse takes far more than HTTP dates ("-5", "1.5"): ask for a letter first.
  if (!/^[A-Za-z]{3}/.test(text)) return Option.none()
  const date = Date.parse(text)
  return Number.isNaN(date) ? Option.none() : Option.some(Duration.millis(Math.max(0, date - now)))
}
