// Runs before every script: explains what is missing where neither the pinned Node binary nor a new host Node is there.
// Kept to syntax that any Node understands.
const [major, minor] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `Skein's own tests and demo run on Node >= 22.19; this is ${process.versions.node} (${process.execPath}).\n` +
      `The install brings Node 24 as the optional npm package "node"; it is not there (perhaps there is none for ${process.platform}-${process.arch}).\n` +
      `Install Node 24 from https://nodejs.org/en/download (or: nvm install 24; fnm install 24; brew install node@24) and run the command again.`
  )
  process.exit(1)
}
