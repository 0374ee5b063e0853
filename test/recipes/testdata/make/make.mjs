// Hashes made by packages of npm, and those of applications that call them, as their documentation
// says. Usage: node make.mjs FRAMEWORKS < passwords.json
import { createHash, createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(import.meta.url);
const bcrypt = require("bcryptjs");
const frameworks = process.argv[2];
const passwords = JSON.parse(readFileSync(0, "utf8"));
const version = (name) => JSON.parse(readFileSync(resolve(import.meta.dirname, "../../node_modules", name, "package.json"))).version;
const documentation = `documentation, by bcryptjs ${version("bcryptjs")}`;
const short = ["plain", "ugly"]; // at most 72 bytes, where an application refuses more

async function emit(name, framework, release, origin, formats, only = Object.keys(passwords)) {
  const hashes = [];
  for (const [format, make] of Object.entries(formats))
    for (const kind of only) hashes.push({ format, password: kind, hash: await make(passwords[kind]) });
  console.log(`${name}\t${JSON.stringify({ framework, version: release, origin, hashes })}`);
}

// The application's prefix before what bcryptjs makes.
const bcryptAs = (prefix) => async (password) => prefix + (await bcrypt.hash(password, 5)).slice(4);

await emit("authjs", "Auth.js", "5", documentation, { bcrypt: bcryptAs("$2b$") });
const { hashPassword } = await import("@better-auth/utils/password.node").catch(() => import("@better-auth/utils/password"));
await emit("betterauth", "better-auth", `1, @better-auth/utils ${version("@better-auth/utils")}`, "own code", { "salt:key": hashPassword });
await emit("auth0", "Auth0", "2024 to 2026", documentation, { bcrypt: bcryptAs("$2b$") });
await emit("supabase", "Supabase", "GoTrue 2", documentation, { bcrypt: bcryptAs("$2a$") }, short);
await emit("springbcrypt", "Spring Security", "5 to 7", documentation, { "{bcrypt}": bcryptAs("{bcrypt}$2a$") }, short);
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
await emit("meteor", "Meteor", "1.0 to 3", documentation, { bcrypt: (password) => bcrypt.hash(sha256(password), 5) });
const flask = (password) => createHmac("sha512", "salt-of-flask-0123456789abcdef").update(password.normalize("NFKD")).digest("base64");
await emit("flasksecurity", "Flask-Security", "4, 5", documentation, { bcrypt: (password) => bcrypt.hash(flask(password), 5) });
await emit("ghost", "Ghost", "5", documentation, { bcrypt: bcryptAs("$2a$") });
await emit("strapi", "Strapi", "4, 5", documentation, { bcrypt: bcryptAs("$2a$") });

// parse-server's lib/password.js finds bcryptjs here, and not its native one.
if (existsSync(resolve(frameworks, "package/lib/password.js"))) {
  const module = { exports: {} };
  const code = readFileSync(resolve(frameworks, "package/lib/password.js"), "utf8");
  const only = (name) => (name === "bcryptjs" ? bcrypt : require(name));
  new Function("require", "module", "exports", code)(only, module, module.exports);
  const release = JSON.parse(readFileSync(resolve(frameworks, "package/package.json"))).version;
  await emit("parse", "Parse Server", release, "own code", { bcrypt: module.exports.hash });
}

// The parameters of firebase/scrypt's README.
const { FirebaseScrypt } = require("firebase-scrypt");
const firebase = new FirebaseScrypt({
  memCost: 14, rounds: 8, saltSeparator: "Bw==",
  signerKey: "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
});
await emit("firebase", "Firebase", "2026", `documentation, by npm's firebase-scrypt ${version("firebase-scrypt")}`, {
  scrypt: async (password) => {
    const salt = randomBytes(10).toString("base64");
    return JSON.stringify({ salt, passwordHash: await firebase.hash(password, salt) });
  },
});
