// The same flow in JavaScript, written to be quick: clients are made once, and
// the role's credentials are kept until shortly before they expire.
// Below it a runtime loop with Node.js's own http; AWS's own does more.
import http from "node:http";
import { AdminGetUserCommand, AdminInitiateAuthCommand, CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";

const { AWS_LAMBDA_RUNTIME_API, AWS_REGION, SOURCE_CLIENT_ID, SOURCE_ROLE_ARN, SOURCE_USER_POOL_ID } = process.env;

const sts = new STSClient({ region: AWS_REGION });
const source = new CognitoIdentityProviderClient({
  region: AWS_REGION,
  // The SDK asks again when less than five minutes are left of a set.
  credentials: async () => {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: SOURCE_ROLE_ARN, RoleSessionName: "session" }));
    return {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
      expiration: Credentials.Expiration,
    };
  },
});

async function handler(event) {
  const username = event.userName;
  await source.send(new AdminInitiateAuthCommand({
    UserPoolId: SOURCE_USER_POOL_ID,
    ClientId: SOURCE_CLIENT_ID,
    AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
    AuthParameters: { USERNAME: username, PASSWORD: event.request.password },
  }));
  const user = await source.send(new AdminGetUserCommand({ UserPoolId: SOURCE_USER_POOL_ID, Username: username }));
  const known = Object.fromEntries(user.UserAttributes.map(({ Name, Value }) => [Name, Value]));
  event.response = {
    userAttributes: {
      username,
      email: known.email,
      email_verified: "true",
      phone_number: known.phone_number,
      phone_number_verified: "true",
    },
    finalUserStatus: "CONFIRMED",
    messageAction: "SUPPRESS",
  };
  return event;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const [host, port] = AWS_LAMBDA_RUNTIME_API.split(":");

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, host, port, method, path: "/2018-06-01/runtime/invocation/" + path }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function main() {
  for (;;) {
    const next = await call("GET", "next");
    const answer = await handler(JSON.parse(next.body));
    await call("POST", next.headers["lambda-runtime-aws-request-id"] + "/response", JSON.stringify(answer));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
