import { functionKeys, stackOf } from "@skein/core/unstable/effect"
import type { AnyFiber, Primitive } from "@skein/core/unstable/effect"

/** A place in the user's source. @internal */
export interface SourceLine {
  /** Relative to the working directory where it lies below it. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** The text of the line, trimmed; empty when the file cannot be read. */
  readonly text: string
}

/** As the engine names it. @internal */
export interface Place {
  readonly scriptId: string
  readonly lineNumber: number
  readonly columnNumber: number
}

/** @internal */
export const printSource = (source: SourceLine): string => `${source.file}:${source.line}:${source.column}`

interface InspectorSession {
  connect(): void
  disconnect(): void
  post(method: string, params?: object, callback?: (error: unknown, result: any) => void): void
  on(event: string, listener: (message: any) => void): void
}

/** Known scripts by number; they stay what they are. */
const scripts = new Map<string, Script>()

interface Script {
  readonly url: string
  readonly sourceMapUrl: string | undefined
  map: SourceMapLike | null | undefined
}

interface SourceMapLike {
  findEntry(
    line: number,
    column: number
  ): { originalSource?: string; originalLine?: number; originalColumn?: number }
}

const slot = "~skein/testing/inspected"

/**
 * Tells where the generators on a fiber's stack are suspended. JavaScript has no way to ask, the engine's inspector
 * has. Asking is slow, and the first time it takes some 100 ms, so ask only for a run that is printed, and close it.
 *
 * Without an inspector (another runtime) it knows nothing.
 *
 * @internal
 */
export class SourceLines {
  private readonly session: InspectorSession | undefined
  private readonly functions = new WeakMap<Function, SourceLine | "none">()
  private readonly files = new Map<string, ReadonlyArray<string>>()

  constructor() {
    const Session = builtin("node:inspector")?.Session
    if (Session === undefined) return
    try {
      const session: InspectorSession = new Session()
      session.connect()
      session.on("Debugger.scriptParsed", ({ params }) => {
        if (scripts.has(params.scriptId)) return
        scripts.set(params.scriptId, {
          url: params.url,
          sourceMapUrl: params.sourceMapURL === "" ? undefined : params.sourceMapURL,
          map: undefined
        })
      })
      this.session = session
    } catch {
      // Another debugger may be attached that allows no second one.
      this.session = undefined
    }
  }

  close(): void {
    this.session?.disconnect()
  }

  /** The innermost place in the fiber's own code, not in Effect's. */
  ofFiber(fiber: AnyFiber): SourceLine | undefined {
    for (const generator of generatorsOf(fiber)) {
      const line = this.lineAt(this.locationOf(generator, "[[GeneratorLocation]]"), allOfEffect)
      if (line !== undefined) return line
    }
    return undefined
  }

  /** Where the fiber is now, to be looked up later if need be: takes a few tenths of a millisecond. */
  placesOf(fiber: AnyFiber): ReadonlyArray<Place> {
    if (this.session === undefined) return []
    const innermost = [...generatorsOf(fiber)].slice(0, 3)
    return innermost.flatMap((generator) => this.locationOf(generator, "[[GeneratorLocation]]") ?? [])
  }

  /** The same line that `ofFiber` would have told. */
  ofPlaces(places: ReadonlyArray<Place>): SourceLine | undefined {
    for (const place of places) {
      const line = this.lineAt(place, allOfEffect)
      if (line !== undefined) return line
    }
    return undefined
  }

  /** The function that an operation will call, or that is called next with its result, in Effect's modules too. */
  ofOperation(fiber: AnyFiber, operation: unknown): SourceLine | undefined {
    const stack = stackOf(fiber)
    for (let i = stack.length; i >= 0 && i > stack.length - 4; i--) {
      const frame = (i === stack.length ? operation : stack[i]) as Primitive | undefined
      for (const key of functionKeys) {
        const f = frame?.[key]
        const line = typeof f === "function" ? this.ofFunction(f) : undefined
        if (line !== undefined) return line
      }
    }
    return undefined
  }

  ofFunction(f: Function): SourceLine | undefined {
    const known = this.functions.get(f)
    if (known !== undefined) return known === "none" ? undefined : known
    const line = this.lineAt(this.locationOf(f, "[[FunctionLocation]]"), runtimeOfEffect)
    this.functions.set(f, line ?? "none")
    return line
  }

  private lineAt(location: Place | undefined, skip: RegExp): SourceLine | undefined {
    if (location === undefined) return undefined
    const script = this.scriptOf(location.scriptId)
    if (script === undefined || skip.test(script.url)) return undefined
    const map = this.mapOf(script)
    const found = map?.findEntry(location.lineNumber, location.columnNumber)
    if (found?.originalLine === undefined) {
      const { file, line, column } = throughStackTraces(
        script.url,
        location.lineNumber,
        location.columnNumber
      )
      return this.line(file, line, column)
    }
    return this.line(
      resolveSource(found.originalSource, script.url),
      found.originalLine,
      found.originalColumn ?? 0
    )
  }

  private scriptOf(id: string): Script | undefined {
    if (!scripts.has(id)) {
      // Announces all scripts there are. Not left on: an enabled debugger slows everything down.
      this.session!.post("Debugger.enable")
      this.session!.post("Debugger.disable")
    }
    return scripts.get(id)
  }

  private locationOf(object: object, name: string): Place | undefined {
    const session = this.session
    if (session === undefined) return undefined
    const globals = globalThis as Record<string, unknown>
    globals[slot] = object
    let location: any
    session.post(
      "Runtime.evaluate",
      { expression: `globalThis[${JSON.stringify(slot)}]` },
      (_, evaluated) => {
        const objectId = evaluated?.result?.objectId
        if (objectId === undefined) return
        session.post("Runtime.getProperties", { objectId, ownProperties: true }, (_, properties) => {
          const internal: ReadonlyArray<any> = properties?.internalProperties ?? []
          location = internal.find((property) => property.name === name)?.value?.value
        })
        session.post("Runtime.releaseObject", { objectId })
      }
    )
    delete globals[slot]
    return location
  }

  private mapOf(script: Script): SourceMapLike | undefined {
    if (script.map !== undefined) return script.map ?? undefined
    script.map = null
    const data = inlineMap.exec(script.sourceMapUrl ?? "")?.[1]
    const SourceMap = builtin("node:module")?.SourceMap
    if (data !== undefined && SourceMap !== undefined) {
      try {
        script.map = new SourceMap(JSON.parse(new TextDecoder().decode(bytesOf(data)))) as SourceMapLike
      } catch {
        script.map = null
      }
    }
    return script.map ?? undefined
  }

  /** Line and column from 0, as the inspector and source maps count. */
  private line(url: string, line: number, column: number): SourceLine {
    const path = pathOf(url)
    let lines = this.files.get(path)
    if (lines === undefined) {
      try {
        lines = builtin("node:fs").readFileSync(path, "utf8").split("\n") as ReadonlyArray<string>
      } catch {
        lines = []
      }
      this.files.set(path, lines)
    }
    return {
      file: relative(path),
      line: line + 1,
      column: column + 1,
      text: shortened(lines[line]?.trim() ?? "")
    }
  }
}

/** Innermost first. */
function* generatorsOf(fiber: AnyFiber): Generator<object> {
  const stack = stackOf(fiber)
  for (let i = stack.length - 1; i >= 0; i--) {
    const iterator = stack[i]?.["iterator"] as Iterator<unknown> | undefined
    if (typeof iterator?.next === "function") yield iterator
  }
}

/**
 * A test runner that transforms modules keeps their source maps to itself, but it must map stack traces: so have it map a
 * trace of one frame.
 */
const throughStackTraces = (
  url: string,
  line: number,
  column: number
): { file: string; line: number; column: number } => {
  const prepare: unknown = Error.prepareStackTrace
  const unmapped = { file: url, line, column }
  if (typeof prepare !== "function") return unmapped
  try {
    const trace = String(prepare(new Error(), [new CallSite(pathOf(url), line + 1, column + 1)]))
    const match = /\(?((?:file:\/\/)?[^()\s]+):(\d+):(\d+)\)?\s*$/.exec(trace)
    return match === null
      ? unmapped
      : { file: match[1]!, line: Number(match[2]) - 1, column: Number(match[3]) - 1 }
  } catch {
    return unmapped
  }
}

/** As much of V8's as who maps stack traces asks for. */
class CallSite {
  private readonly at: readonly [url: string, line: number, column: number]
  constructor(url: string, line: number, column: number) {
    this.at = [url, line, column]
  }
  getFileName(): string {
    return this.at[0]
  }
  getScriptNameOrSourceURL(): string {
    return this.at[0]
  }
  getLineNumber(): number {
    return this.at[1]
  }
  getColumnNumber(): number {
    return this.at[2]
  }
  getFunctionName(): null {
    return null
  }
  getTypeName(): null {
    return null
  }
  getMethodName(): null {
    return null
  }
  getThis(): undefined {
    return undefined
  }
  getEvalOrigin(): undefined {
    return undefined
  }
  isNative(): boolean {
    return false
  }
  isEval(): boolean {
    return false
  }
  isToplevel(): boolean {
    return true
  }
  isConstructor(): boolean {
    return false
  }
  isAsync(): boolean {
    return false
  }
  toString(): string {
    return this.at.join(":")
  }
}

const shortened = (text: string): string => (text.length > 110 ? `${text.slice(0, 109)}…` : text)

const allOfEffect = /\/node_modules\/(\.pnpm\/)?effect[@/]/

/** The run loop and the operations made there say nothing about what the program does. */
const runtimeOfEffect =
  /\/node_modules\/effect\/(src|dist)\/(internal\/|(Effect|Utils|Function|Context|Option)\.)|\/testing\/src\//

const inlineMap = /data:application\/json[^,]*;base64,([A-Za-z0-9+/=]+)/

const builtin = (name: string): any => {
  try {
    return (globalThis as any).process?.getBuiltinModule?.(name)
  } catch {
    return undefined
  }
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))

const resolveSource = (source: string | undefined, script: string): string => {
  if (source === undefined) return script
  try {
    return new URL(source, script.startsWith("/") ? `file://${script}` : script).href
  } catch {
    return source
  }
}

const pathOf = (url: string): string => {
  try {
    return url.startsWith("file:") ? decodeURIComponent(new URL(url).pathname) : url
  } catch {
    return url
  }
}

const relative = (path: string): string => {
  const here: string | undefined = (globalThis as any).process?.cwd?.()
  const dependency = path.lastIndexOf("/node_modules/")
  if (dependency >= 0) return path.slice(dependency + "/node_modules/".length)
  return here !== undefined && path.startsWith(`${here}/`) ? path.slice(here.length + 1) : path
}
