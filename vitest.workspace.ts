import { defineConfig } from "vitest/config"

const project = (name: string, folder: string) => ({
  extends: true as const,
  test: { name, root: folder, include: ["test/**/*.test.ts"] }
})

export default defineConfig({
  test: {
    // The default leaves a processor idle, which is half of what a small machine has.
    maxWorkers: "100%",
    // A hang is a failure; a slow machine is none.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      project("core", "packages/core"),
      project("testing", "packages/testing"),
      project("node", "packages/node"),
      project("oxlint-plugin", "packages/oxlint-plugin"),
      project("linkcheck", "apps/linkcheck"),
      project("bench", "apps/bench"),
      project("ci", ".ci")
    ]
  }
})
