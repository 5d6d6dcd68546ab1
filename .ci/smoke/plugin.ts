import plugin from "@skein/oxlint-plugin"

console.log(`${plugin.meta.name}: ${Object.keys(plugin.rules).length} rules`)
