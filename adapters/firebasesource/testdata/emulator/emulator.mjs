// The Auth emulator of firebase-tools alone, without the command line around it:
//
//   node emulator.mjs PROJECT PORT
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [project, port] = process.argv.slice(2);

// Compiling the whole description of the API takes most of the start.
const { default: api } = require("firebase-tools/lib/emulator/auth/apiSpec");
const used = /\/(accounts:(signInWithPassword|lookup|update|delete|batchCreate|batchGet)|config|tenants)$/;
for (const path of Object.keys(api.paths)) {
  if (!used.test(path)) delete api.paths[path];
}

const { createApp } = require("firebase-tools/lib/emulator/auth/server");
(await createApp(project)).listen(Number(port), "127.0.0.1");
