/** Connections of the `pg` driver, as a pool wants them. */
import pg from "pg"
import { Data, Effect } from "effect"
import { ContextManager, Pool } from "@skein/core"

import type { Address } from "./server.ts"

export class QueryError extends Data.TaggedError("QueryError")<{
  readonly sql: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `${this.sql}: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

export type Row = Readonly<Record<string, unknown>>

export class Connection {
  readonly client: pg.Client
  /** The driver tells of a lost connection whenever it notices. */
  lost = false

  constructor(client: pg.Client) {
    this.client = client
    client.on("error", () => {
      this.lost = true
    })
    client.on("end", () => {
      this.lost = true
    })
  }

  /** A query is under way that nobody waits for: the socket goes, and the server notices when it next writes. */
  abandon(): void {
    this.lost = true
    ;(
      this.client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }
    ).connection.stream.destroy()
  }

  query(sql: string, values: ReadonlyArray<unknown> = []): Effect.Effect<ReadonlyArray<Row>, QueryError> {
    return Effect.tryPromise({
      try: () => this.client.query(sql, [...values]).then((result) => result.rows as Array<Row>),
      catch: (cause) => new QueryError({ sql, cause })
    })
  }
}

/** Opens a connection; closes it, politely where it is at rest. */
export const connection = (address: Address, name: string) =>
  ContextManager.make(
    function* (provide) {
      const client = new pg.Client({ ...address, application_name: name })
      const made = new Connection(client)
      yield* Effect.tryPromise({
        try: () => client.connect(),
        catch: (cause) => new QueryError({ sql: "connect", cause })
      })
      yield* provide(made)
      if (!made.lost) yield* Effect.promise(() => client.end())
    },
    { name: "connection", closeTimeout: "5 seconds" }
  )

/**
 * A query on a leased connection. After a failure of the connection, or when the query was interrupted on the way, the
 * connection is not given to anybody else.
 */
export const query = (
  pool: Pool.Pool<Connection, QueryError>,
  sql: string,
  values?: ReadonlyArray<unknown>
): Effect.Effect<ReadonlyArray<Row>, QueryError | Pool.PoolTimeout> =>
  Pool.use(pool, (leased) =>
    leased.query(sql, values).pipe(
      Effect.onExit((exit) => {
        if (exit._tag === "Success") return Effect.void
        const abandoned = exit.cause.reasons.some((reason) => reason._tag === "Interrupt")
        if (abandoned) leased.abandon()
        return abandoned || leased.lost ? Pool.invalidate(pool, leased) : Effect.void
      })
    )
  )

/** Checked with a round trip before it is leased again. */
export const validate = (leased: Connection): Effect.Effect<boolean> =>
  leased.lost
    ? Effect.succeed(false)
    : Effect.match(leased.query("select 1"), { onSuccess: () => true, onFailure: () => false })
