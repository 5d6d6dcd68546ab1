/** The faults that the demo site has, and nothing else that a link checker should complain of. */

/** What a checker must report. */
export interface Fault {
  readonly url: string
  /** The tag of the error that names it. */
  readonly problem: string
}

/** The addresses of the demo: the site itself, and another origin that it links to. */
export interface Addresses {
  readonly site: string
  readonly other: string
}

/** Nothing listens on port 1, and no ordinary user can make it. */
export const UNREACHABLE = "http://127.0.0.1:1/"

/** `http:` served where `https:` is asked for. */
export const noTls = (other: string): string => `${other.replace("http:", "https:")}/secure`

export const INVALID = "http://[not-a-host/"

export const faults = ({ other, site }: Addresses): ReadonlyArray<Fault> => [
  { url: `${site}/missing`, problem: "HttpStatus" },
  { url: `${site}/error`, problem: "HttpStatus" },
  { url: `${site}/overloaded`, problem: "HttpStatus" },
  { url: `${site}/assets/gone.png`, problem: "HttpStatus" },
  { url: `${site}/lost-in-malformed-html`, problem: "HttpStatus" },
  { url: `${site}/hang`, problem: "RequestTimeout" },
  { url: `${site}/drip`, problem: "RequestTimeout" },
  { url: `${site}/loop/1`, problem: "RedirectLoop" },
  { url: `${site}/endless`, problem: "BodyTooLarge" },
  { url: `${site}/bomb`, problem: "BodyTooLarge" },
  { url: `${site}/truncated`, problem: "BadAnswer" },
  { url: `${site}/guide#no-such-place`, problem: "MissingFragment" },
  { url: `${other}/gone`, problem: "HttpStatus" },
  { url: UNREACHABLE, problem: "HostUnreachable" },
  { url: noTls(other), problem: "TlsFailure" },
  { url: INVALID, problem: "InvalidUrl" }
]

/** What looks like a fault at first: fails once, then answers. */
export const healing = ({ site }: Addresses): ReadonlyArray<string> => [`${site}/busy`, `${site}/heals`]
