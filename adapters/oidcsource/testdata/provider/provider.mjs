// An OpenID provider with the password grant, for the tests of the OIDC source.
//
//   node provider.mjs PORT ISSUER PEOPLE.json
//
// What a real provider refuses beside a wrong password is refused in its words:
// Keycloak's for a disabled account and one with required actions, Auth0's for
// a second factor and for too many attempts.
import { readFileSync } from 'node:fs';

import { Provider, errors } from 'oidc-provider';

const [port, issuer, file] = process.argv.slice(2);
const people = JSON.parse(readFileSync(file, 'utf8'));

const findAccount = (ctx, sub) => {
  const person = people.find((candidate) => candidate.sub === sub);
  return person && { accountId: sub, claims: () => ({ sub, ...person.claims }) };
};

const provider = new Provider(issuer, {
  clients: ['client_secret_basic', 'client_secret_post', 'none'].map((method) => ({
    client_id: method,
    ...(method !== 'none' && { client_secret: 'secret of the client+/%' }),
    token_endpoint_auth_method: method,
    grant_types: ['password'],
    redirect_uris: [],
    response_types: [],
  })),
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    phone: ['phone_number', 'phone_number_verified'],
    profile: ['preferred_username', 'name', 'given_name', 'updated_at', 'groups'],
  },
  conformIdTokenClaims: false, // the ID token has the profile too, as most providers' have
  features: { devInteractions: { enabled: false } },
  findAccount,
  renderError: (ctx) => { ctx.body = 'out of order'; },
});

const refuse = (status, error, description) => {
  const refusal = new errors.CustomOIDCProviderError(error, description);
  refusal.status = status;
  refusal.statusCode = status;
  throw refusal;
};

provider.registerGrantType('password', async (ctx) => {
  const { params, client } = ctx.oidc;
  const person = people.find((candidate) => params.username !== undefined
    && (candidate.username === params.username || candidate.claims.email === params.username));
  if (person?.disabled) refuse(400, 'invalid_grant', 'Account disabled');
  if (!person?.password || person.password !== params.password) refuse(401, 'invalid_grant', 'Invalid user credentials');
  if (person.action) refuse(400, 'invalid_grant', 'Account is not fully set up');
  if (person.mfa) refuse(403, 'mfa_required', 'Multifactor authentication required');

  const account = findAccount(ctx, person.sub);
  const scope = params.scope ?? 'openid';
  const grant = new provider.Grant({ accountId: person.sub, clientId: client.clientId });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  ctx.oidc.entity('Account', account);
  ctx.oidc.entity('Grant', grant);

  const token = new provider.AccessToken({ accountId: person.sub, client, grantId, gty: 'password', scope });
  ctx.oidc.entity('AccessToken', token);
  const accessToken = await token.save();

  const idToken = new provider.IdToken({ ...(await account.claims('id_token', scope)) }, { ctx });
  idToken.scope = scope;
  ctx.body = {
    access_token: accessToken,
    expires_in: token.expiration,
    id_token: await idToken.issue({ use: 'idtoken' }),
    scope,
    token_type: token.tokenType,
  };
}, ['username', 'password', 'scope']);

provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1');
