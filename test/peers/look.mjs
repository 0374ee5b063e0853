// Looks at a page in headless Chromium: what it asks the network for, what it writes to
// the console, what axe-core finds, and what it says without JavaScript. Prints JSON.
//
//   node look.mjs CHROMIUM PAGE.html PROFILE-FOLDER [SCREENSHOT-PREFIX]
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import puppeteer from 'puppeteer-core'

const [executablePath, file, userDataDir, prefix] = process.argv.slice(2)
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const address = pathToFileURL(file).href
const browser = await puppeteer.launch({
  executablePath, userDataDir, timeout: 120_000, protocolTimeout: 300_000,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--no-proxy-server', '--disable-background-networking'],
})
const seen = { requests: [], console: [], findings: [], texts: {}, wide: [] }
for (const look of ['light', 'dark', 'print', 'narrow', 'plain']) {
  const page = await browser.newPage()
  page.on('request', (request) => { if (request.url() !== address && !request.url().startsWith('data:')) seen.requests.push(request.url()) })
  page.on('console', (message) => seen.console.push(message.text()))
  page.on('pageerror', (error) => seen.console.push(error.message))
  await page.setViewport({ width: look === 'narrow' ? 360 : 1000, height: 1200 })
  await page.setJavaScriptEnabled(look !== 'plain')
  // Each of the two calls undoes the other.
  if (look === 'print') await page.emulateMediaType('print')
  else await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: look === 'dark' ? 'dark' : 'light' }])
  await page.goto(address, { timeout: 120_000 })
  seen.texts[look] = await page.evaluate(() => document.body.innerText)
  if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) seen.wide.push(look)
  if (look !== 'plain') {
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
    for (const one of violations) {
      seen.findings.push(`${look}: ${one.impact}: ${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(' ')}`)
    }
  }
  if (prefix && ['light', 'dark', 'print'].includes(look)) await page.screenshot({ path: `${prefix}-${look}.png` })
  await page.close()
}
await browser.close()
process.stdout.write(JSON.stringify(seen))
