// The page of the test: it signs users in as docs/clients.md shows, and reports what
// it has seen. example.mjs is the code of that page.
import { Amplify } from 'aws-amplify'
import { enter, forget, leave, renew } from './example.mjs'

const report = (seen) => fetch('/seen', { method: 'POST', body: JSON.stringify(seen) })

async function run() {
  const { pool, client, endpoint, username, password, newPassword, code } = await (await fetch('/setup')).json()
  Amplify.configure({ Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint } } })
  const seen = []
  seen.push('wrong password: ' + (await enter(username, 'not ' + password)))
  seen.push('unknown user: ' + (await enter('nobody-' + username, password)))
  seen.push('first sign-in: ' + (await enter(username, password)))
  await leave()
  seen.push('forgot password: ' + (await forget(username)))
  await renew(username, code, newPassword)
  // cognito-local has a name of its own for AWS's NotAuthorizedException here.
  seen.push('old password: ' + (await enter(username, password).catch((error) => error.name)))
  seen.push('new password: ' + (await enter(username, newPassword)))
  return seen
}

run().then((seen) => report({ seen }), (error) => report({ error: `${error?.name}: ${error?.message}` }))
