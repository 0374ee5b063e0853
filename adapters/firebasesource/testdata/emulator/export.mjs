// What `firebase auth:export` does, by its own code, without a login:
//
//   node export.mjs PROJECT ORIGIN FILE
//
// ORIGIN stands for https://www.googleapis.com.
import { createWriteStream } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [project, origin, file] = process.argv.slice(2);
process.env.FIREBASE_GOOGLE_URL = origin;
require("firebase-tools/lib/apiv2").setAccessToken("owner");
const { serialExportUsers } = require("firebase-tools/lib/accountExporter");

const writeStream = createWriteStream(file);
writeStream.write('{"users": [\n');
await serialExportUsers(project, { format: "json", writeStream, batchSize: 1000 });
writeStream.end("]}");
