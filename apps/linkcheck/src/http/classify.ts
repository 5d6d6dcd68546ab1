/** What the network said, as one of our errors. Node and undici throw plain errors that differ only in `code`. */
import { BadAnswer, ConnectionLost, HostUnreachable, type Problem, TlsFailure } from "../domain/Problem.ts"

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host",
  EAI_AGAIN: "name server does not answer",
  EAI_FAIL: "name server failed",
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "no route to network",
  EADDRNOTAVAIL: "address not available",
  ETIMEDOUT: "no answer to the connection",
  UND_ERR_CONNECT_TIMEOUT: "no answer to the connection"
}
const PASSING = new Set(["EAI_AGAIN", "ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"])

const LOST: Readonly<Record<string, string>> = {
  ECONNRESET: "reset by the server",
  EPIPE: "closed by the server",
  UND_ERR_SOCKET: "closed by the server",
  ECONNABORTED: "aborted"
}

const TLS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "certificate has expired",
  CERT_NOT_YET_VALID: "certificate is not yet valid",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "self-signed certificate in the chain",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "certificate chain is incomplete or its issuer unknown",
  UNABLE_TO_GET_ISSUER_CERT: "issuer of the certificate unknown",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "issuer of the certificate unknown",
  CERT_REVOKED: "certificate was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate is for another host",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS on this port",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the server does not speak TLS on this port",
  EPROTO: "handshake failed"
}

/** An error while a connection was made or used. */
export const classify = (url: URL, cause: unknown): Problem => {
  const href = url.href
  for (const error of causes(cause)) {
    const { message, name } = error as { readonly message?: unknown; readonly name?: unknown }
    if (name === "HTTPParserError") return new BadAnswer({ url: href, detail: String(message).slice(0, 200) })
    const code = codeOf(error)
    if (code === undefined) continue
    const unreachable = UNREACHABLE[code]
    if (unreachable !== undefined) {
      return new HostUnreachable({
        url: href,
        host: url.host,
        detail: unreachable,
        passing: PASSING.has(code)
      })
    }
    const tls = TLS[code]
    if (tls !== undefined) return new TlsFailure({ url: href, detail: tls })
    if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) {
      return new TlsFailure({ url: href, detail: words(code.replace(/^ERR_(SSL|TLS)_/, "")) })
    }
    const lost = LOST[code]
    if (lost !== undefined) return new ConnectionLost({ url: href, detail: lost })
    if (code === "UND_ERR_HEADERS_OVERFLOW") return new BadAnswer({ url: href, detail: "headers too large" })
    if (code.startsWith("Z_") || code.startsWith("ERR__ERROR_FORMAT") || code.startsWith("ERR_BROTLI")) {
      return new BadAnswer({ url: href, detail: "compressed body is damaged" })
    }
    if (code === "ERR_INVALID_URL") return new BadAnswer({ url: href, detail: "host name cannot be used" })
  }
  return new ConnectionLost({ url: href, detail: messageOf(cause) })
}

// The error, what it wraps, and what those wrap: HttpClientError > TransportError > undici's > Node's, and the
// AggregateError of a host with several addresses.
function* causes(cause: unknown): Generator<object> {
  const seen = new Set<object>()
  const queue: Array<unknown> = [cause]
  while (queue.length > 0) {
    const next = queue.shift()
    if (typeof next !== "object" || next === null || seen.has(next) || seen.size > 20) continue
    seen.add(next)
    yield next
    const { reason, cause: inner, errors } = next as { reason?: unknown; cause?: unknown; errors?: unknown }
    queue.push(reason, inner)
    if (Array.isArray(errors)) queue.push(...errors.slice(0, 5))
  }
}

const codeOf = (error: object): string | undefined => {
  const { code, message } = error as { code?: unknown; message?: unknown }
  // OpenSSL reports some handshake failures as EPROTO with its own code in the text only.
  if (
    code === "EPROTO" &&
    typeof message === "string" &&
    /wrong version number|packet length too long/i.test(message)
  ) {
    return "ERR_SSL_WRONG_VERSION_NUMBER"
  }
  return typeof code === "string" ? code : undefined
}

const messageOf = (cause: unknown): string => {
  let message = "unknown error"
  for (const error of causes(cause)) {
    const text = (error as { message?: unknown }).message
    if (typeof text === "string" && text !== "") message = text
  }
  return message.slice(0, 200)
}

const words = (code: string): string => code.toLowerCase().replaceAll("_", " ")
