/** The pages of the demo site. */
import { type Addresses, INVALID, noTls, UNREACHABLE } from "./faults.ts"

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>${title}</title>
  <link rel="stylesheet" href="/assets/style.css">
</head>
<body>
  <nav><a href="/">Home</a> <a href="/guide">Guide</a> <a href="/about">About</a></nav>
  ${body}
</body>
</html>
`

export const home = ({ other }: Addresses): string =>
  page(
    "A faulty site",
    `<h1 id="start">A faulty site</h1>
  <img src="/assets/logo.png" alt="The logo">
  <img src="/assets/gone.png" alt="An image that is gone">
  <p>Fine: <a href="#start">a place on this page</a>, <a href="/guide#install">one on another</a>,
    <a href="/guide#caf%C3%A9">one with an accent</a>, <a href="#top">the top</a>,
    <a href="/old">a page that has moved</a>, <a href="/manual.pdf#page=2">a PDF</a>,
    <a href="mailto:someone@example.org">a mail address</a>, <a href="javascript:void 0">a script</a>,
    <a href="${other}/fine">another site</a>, <a href="${other}/no-head">one that knows no HEAD</a>,
    <a href="/away">a redirect to it</a>.
  <p>Fine at the second try: <a href="/heals">a hiccup</a>, <a href="/busy">a busy server</a>.
  <p>Broken: <a href="/missing">a page that is missing</a>, <a href="/error">an error</a>,
    <a href="/overloaded">too many requests</a>, <a href="/hang">no answer</a>, <a href="/drip">a slow drip</a>,
    <a href="/loop/1">a redirect loop</a>, <a href="/endless">an endless page</a>, <a href="/bomb">a bomb</a>,
    <a href="/truncated">a damaged page</a>, <a href="/guide#no-such-place">a place that is not there</a>,
    <a href="${other}/gone">gone from another site</a>, <a href="${UNREACHABLE}">an unreachable host</a>,
    <a href="${noTls(other)}">no TLS</a>, <a href="${INVALID}">no URL</a>.
  <p>Odd: <a href="/malformed">malformed HTML</a>, <a href="/hostile">a hostile page</a>.`
  )

export const guide = page(
  "Guide",
  `<h1>Guide</h1><h2 id="install">Install</h2><a name="café">Café</a>
  <p>See also <a href="/missing">the missing page</a> and <a href="about?from=guide#people">the people</a>.`
)

export const about = page("About", `<h1>About</h1><h2 id="people">People</h2><p><a href="../guide">Guide</a>`)

/** No end tags, bare attributes, a comment that is none, nesting the wrong way round: browsers read it all the same. */
export const malformed = `<title>Malformed</title
<body><div><p>Unclosed <b>bold <i>both</b></i>
<table><tr><td><A HREF=/about CLASS=x>upper case, no quotes
<a href='/guide#install' href="/not-this-one">twice the same attribute</a></span></p>
<!- no comment -> <a   href = "/lost-in-malformed-html"   >with spaces</a
<select><a href="/about#people">in a select
<a href="/never-closed`

/** Escape sequences in title and text, a direction mark, and an address with a password. */
export const hostile = page(
  "\u001b]0;owned\u0007\u001b[2J\u001b[31mred",
  `<a href="/about?\u001b[31m=1">\u001b[2J\u202etxt.exe</a> <a href="/missing">line
  break and \u001b[31mred</a>
  <a href="//guest:secret@${"${host}"}/about">an address with a password</a>`
)
