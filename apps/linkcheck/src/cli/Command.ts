/** What can be said on the command line. */
import { Argument, Command, Flag } from "effect/cli"
import * as Effect from "effect/Effect"
import { parseDuration, parsePattern, parseSize } from "./values.ts"

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const count = (name: string, fallback: number, least: number, most: number) =>
  Flag.Int(name).pipe(
    Flag.withDefault(fallback),
    Flag.filter(
      (n) => n >= least && n <= most,
      (n) => `--${name} must be between ${least} and ${most}, got ${n}`
    )
  )

const flags = {
  url: Argument.String("url").pipe(
    Argument.withDescription(
      "The page to start from; without it, a faulty site of its own is served and checked"
    ),
    Argument.optional
  ),
  depth: Flag.Int("depth").pipe(
    Flag.withDescription("Follow links so many pages deep (default: all the way)"),
    Flag.filter(
      (n) => n >= 0,
      (n) => `--depth must be at least 0, got ${n}`
    ),
    Flag.optional
  ),
  below: Flag.Boolean("below").pipe(
    Flag.withDescription("Only follow links below the folder of the start page, not on the whole origin"),
    Flag.withDefault(false)
  ),
  skip: Flag.String("skip").pipe(
    Flag.withDescription("Do not check URLs that match this regular expression (repeatable)"),
    Flag.mapTryCatch(parsePattern, reason),
    Flag.atLeast(0)
  ),
  internalOnly: Flag.Boolean("internal-only").pipe(
    Flag.withDescription("Do not ask other sites whether links to them work"),
    Flag.withDefault(false)
  ),
  fragments: Flag.Literals("fragments", ["internal", "all", "none"]).pipe(
    Flag.withDescription("Whose #anchors to check: the site's own, also those of other sites, or none"),
    Flag.withDefault("internal")
  ),
  robots: Flag.Literals("robots", ["internal", "all", "none"]).pipe(
    Flag.withDescription("Whose robots.txt to obey: the site's own, also those of other sites, or none"),
    Flag.withDefault("internal")
  ),
  maxUrls: count("max-urls", 100_000, 1, 10_000_000).pipe(
    Flag.withDescription("Check at most so many URLs (default 100000)")
  ),
  concurrency: count("concurrency", 64, 1, 1024).pipe(
    Flag.withDescription("Requests at a time, in all (default 64)")
  ),
  perHost: count("per-host", 16, 1, 1024).pipe(
    Flag.withDescription("Requests at a time to one host (default 16)")
  ),
  rate: Flag.Finite("rate").pipe(
    Flag.withDescription("Requests per second to one host at most (default: no limit)"),
    Flag.filter(
      (n) => n >= 0.01 && n <= 10_000,
      (n) => `--rate must be between 0.01 and 10000, got ${n}`
    ),
    Flag.optional
  ),
  timeout: Flag.String("timeout").pipe(
    Flag.withDescription("For one request: 500ms, 10s, 2m (default 10s)"),
    Flag.mapTryCatch(parseDuration, reason),
    Flag.optional
  ),
  retries: count("retries", 2, 0, 20).pipe(
    Flag.withDescription("Further tries after a failure that may pass (default 2)")
  ),
  maxPause: Flag.String("max-pause").pipe(
    Flag.withDescription("Longest Retry-After to wait for (default 60s)"),
    Flag.mapTryCatch(parseDuration, reason),
    Flag.optional
  ),
  maxBody: Flag.String("max-body").pipe(
    Flag.withDescription("Largest page to read, decompressed: 500k, 10m (default 10m)"),
    Flag.mapTryCatch(parseSize, reason),
    Flag.optional
  ),
  // Parsed by the handler: the parser's complaints repeat the value, and this one may be a secret.
  header: Flag.String("header").pipe(
    Flag.withDescription('Send this header, "Name: value", to the start page\'s origin only (repeatable)'),
    Flag.atLeast(0)
  ),
  userAgent: Flag.String("user-agent").pipe(
    Flag.withDescription("Who to say that is asking"),
    Flag.withDefault("linkcheck/0.0 (link checker)")
  ),
  format: Flag.Literals("format", ["text", "json", "junit", "html"]).pipe(
    Flag.withDescription("Form of the report (default text)"),
    Flag.withDefault("text")
  ),
  json: Flag.Boolean("json").pipe(Flag.withDescription("Short for --format json"), Flag.withDefault(false)),
  output: Flag.String("output").pipe(
    Flag.withAlias("o"),
    Flag.withDescription("Write the report to this file instead of standard output"),
    Flag.optional
  ),
  db: Flag.String("db").pipe(
    Flag.withDescription("SQLite file that keeps every result (default linkcheck.sqlite)"),
    Flag.optional
  ),
  resume: Flag.Boolean("resume").pipe(
    Flag.withDescription("Go on with the last run of this URL, if it was stopped early"),
    Flag.withDefault(false)
  ),
  quiet: Flag.Boolean("quiet").pipe(
    Flag.withAlias("q"),
    Flag.withDescription("No progress on standard error"),
    Flag.withDefault(false)
  ),
  serve: Flag.Boolean("serve").pipe(
    Flag.withDescription("Only serve the faulty site, to try other things on it"),
    Flag.withDefault(false)
  )
}

/** The command; `handler` gets everything parsed and within bounds. */
export const make = <E, R>(handler: (settings: Settings) => Effect.Effect<void, E, R>) =>
  Command.make("linkcheck", flags, handler).pipe(
    Command.withDescription(
      "Checks every link of a web site. Exit status: 0 all links work, 1 some are broken, 2 wrong use, " +
        "3 the check could not be done, 130 stopped by Ctrl-C."
    ),
    Command.withExamples([
      { command: "linkcheck", description: "Serve a faulty site on this machine and check it" },
      {
        command: "linkcheck https://example.org/",
        description: "Check a site, and the links from it to others"
      },
      {
        command: "linkcheck --skip '/archive/' --format junit -o links.xml https://example.org/",
        description: "For a CI job: leave a part out, write JUnit results"
      },
      {
        command: 'linkcheck --header "Authorization: Bearer $TOKEN" https://example.org/',
        description: "A site behind a login: the header goes to example.org alone"
      }
    ])
  )

export type Settings = {
  readonly [K in keyof typeof flags]: (typeof flags)[K] extends Flag.Flag<infer A>
    ? A
    : (typeof flags)[K] extends Argument.Argument<infer A>
      ? A
      : never
}
