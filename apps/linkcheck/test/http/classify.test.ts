import { describe, expect, it } from "@effect/vitest"
import { classify } from "../../src/http/classify.ts"

const url = new URL("https://a.example/")
const why = (error: unknown) => classify(url, error).why
const coded = (code: string, message = "m", cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code })

describe("classify", () => {
  it("finds the code however deep it is wrapped, in one of several addresses too", () => {
    const refused = "cannot reach a.example: connection refused"
    expect(why(coded("ECONNREFUSED"))).toBe(refused)
    expect(
      why({ _tag: "HttpClientError", reason: { _tag: "TransportError", cause: coded("ECONNREFUSED") } })
    ).toBe(refused)
    expect(why(new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]))).toBe(refused)
  })

  it("tells the host that is not there from the name server that is busy", () => {
    expect(classify(url, coded("ENOTFOUND"))).toMatchObject({ _tag: "HostUnreachable", passing: false })
    expect(classify(url, coded("EAI_AGAIN"))).toMatchObject({ _tag: "HostUnreachable", passing: true })
  })

  it("names what is wrong with TLS in words", () => {
    expect(why(coded("CERT_HAS_EXPIRED"))).toBe("TLS: certificate has expired")
    expect(why(coded("ERR_TLS_CERT_ALTNAME_INVALID"))).toBe("TLS: certificate is for another host")
    expect(why(coded("ERR_SSL_NO_CIPHERS_AVAILABLE"))).toBe("TLS: no ciphers available")
    expect(why(coded("EPROTO", "...wrong version number..."))).toBe(
      "TLS: the server does not speak TLS on this port"
    )
    expect(why(coded("EPROTO", "other"))).toBe("TLS: handshake failed")
  })

  it("tells a lost connection from an answer that is not HTTP", () => {
    expect(why(coded("UND_ERR_SOCKET"))).toBe("connection lost: closed by the server")
    expect(why(Object.assign(new Error("Expected HTTP/"), { name: "HTTPParserError" }))).toBe(
      "unusable answer: Expected HTTP/"
    )
    expect(why(coded("Z_BUF_ERROR"))).toBe("unusable answer: compressed body is damaged")
  })

  it("keeps the innermost message of what it does not know, even of what is no error", () => {
    expect(why(coded("ENEW", "outer", new Error("inner \u001b[2J")))).toBe("connection lost: inner \\x1b[2J")
    expect(why("text")).toBe("connection lost: unknown error")
    const endless: { cause?: unknown } = {}
    endless.cause = endless
    expect(why(endless)).toBe("connection lost: unknown error")
  })
})
