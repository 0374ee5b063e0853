// A user migration function in Node.js, with the shortest runtime that serves it.
const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;

async function handler(event) {
  switch (event.userName) {
    case "slow": return new Promise((done) => setTimeout(done, 3600000));
    case "dead": process.exit(3);
    case "huge": event.response.userAttributes = { name: "a".repeat(300000) }; return event;
    case "broken": return event.request.password.missing.member;
    case "hanako": break;
    default: return event;
  }
  if (event.triggerSource === "UserMigration_Authentication") {
    if (event.request.password !== "Correct-Horse-1") throw new Error("Bad password " + event.request.password);
    event.response.finalUserStatus = "CONFIRMED";
  }
  event.response.userAttributes = { email: "hanako@example.com", email_verified: "true" };
  event.response.messageAction = "SUPPRESS";
  return event;
}

for (;;) {
  const invocation = await fetch(base + "next");
  const id = invocation.headers.get("lambda-runtime-aws-request-id");
  const post = (path, value) => fetch(base + id + path, { method: "POST", body: JSON.stringify(value) });
  try {
    await post("/response", await handler(await invocation.json()));
  } catch (error) {
    await post("/error", { errorType: error.name, errorMessage: error.message, trace: [] });
  }
}
