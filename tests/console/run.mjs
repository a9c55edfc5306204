// Opens the console of URL in the browser BROWSER and uses it as a person would: token, samples, purpose, language.
// Prints one line of JSON with the findings. CREDENTIALS is id:secret of the demo, TOKEN a token; one of them is used.
// SCREENSHOT names a file for a screenshot.

import puppeteer from 'puppeteer-core';

const { URL: url, BROWSER: browserPath, TOKEN: token, CREDENTIALS: credentials, SCREENSHOT: screenshot } = process.env;
if (!url || !browserPath || !(token || credentials)) {
  console.error('URL, BROWSER and TOKEN or CREDENTIALS are required');
  process.exit(2);
}

const origin = new URL(url).origin;
// The sandbox of the browser needs rights that root in a container lacks. The page is trusted.
const browser = await puppeteer.launch({
  executablePath: browserPath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage();
await page.setViewport({ width: 1280, height: 800 });
const consoleMessages = [];
const requests = [];
const operations = [];
page.on('console', (message) => {
  if (message.type() === 'error') consoleMessages.push(message.text());
});
page.on('pageerror', (error) => consoleMessages.push(String(error)));
page.on('request', (request) => {
  requests.push(request.url());
  if (request.url() === `${origin}/graphql` && request.method() === 'POST') {
    const { 'x-purpose': purpose, 'accept-language': language } = request.headers();
    operations.push({ purpose: purpose ?? null, language, query: JSON.parse(request.postData()).query });
  }
});
await page.evaluateOnNewDocument(() => {
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
  });
});

const response = await page.goto(`${url}/console`, { waitUntil: 'networkidle0' });
const hasCredentials = (await page.$('#credentials')) !== null;
const beforeToken = await page.$('.graphiql-container');

if (credentials) {
  const [id, secret] = credentials.split(':');
  await page.type('#client', id);
  await page.type('#secret', secret);
  await page.click('#credentials button');
} else {
  await page.type('#token', token);
  await page.click('#pasted button');
}
await page.waitForSelector('.graphiql-container');
await page.waitForNetworkIdle({ idleTime: 300 });
// The documentation is built from the introspection of the schema.
await page.click('button[aria-label="Show Documentation Explorer"]');
await page.waitForFunction(() => document.querySelector('.graphiql-doc-explorer')?.textContent.includes('Query'));
const documentation = await page.$eval('.graphiql-doc-explorer', (element) => element.textContent);

// Runs the document in the editor and returns the answer that the page shows.
async function run() {
  const answered = page.waitForResponse((answer) => answer.url() === `${origin}/graphql`);
  await page.click('.graphiql-execute-button');
  const answer = await (await answered).json();
  const value = Object.values(answer.data ?? {})[0];
  await page.waitForFunction(
    (text) => document.querySelector('.result-window .CodeMirror').CodeMirror.getValue().includes(text),
    {},
    answer.data ? Object.keys(answer.data)[0] : answer.errors[0].message.slice(0, 20),
  );
  return { status: (await answered).status(), hasValue: value !== null && value !== undefined, errors: answer.errors ?? [] };
}

const samples = [];
for (const [index, title] of (await page.$$eval('#sample option', (all) => all.map((one) => one.textContent))).entries()) {
  if (index === 0) continue;
  await page.select('#purpose', '');
  await page.evaluate((at) => {
    const list = document.querySelector('#sample');
    list.selectedIndex = at;
    list.dispatchEvent(new Event('change'));
  }, index);
  samples.push({ title, ...(await run()) });
}

await page.select('#language', 'en');
await page.evaluate(() => {
  const list = document.querySelector('#sample');
  list.selectedIndex = 1;
  list.dispatchEvent(new Event('change'));
});
await run();
const status = await page.$eval('#status', (element) => element.textContent);

// The dialogs, menus and tooltips of GraphiQL.
for (const label of ['Open short keys dialog', 'Open settings dialog']) {
  await page.click(`button[aria-label="${label}"]`);
  await page.waitForSelector('[role="dialog"]');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.querySelector('[role="dialog"]') === null);
}
await page.hover('button[aria-label^="Prettify"]');
await page.focus('.graphiql-query-editor .CodeMirror textarea');
await page.keyboard.down('Control');
await page.keyboard.press('Space');
await page.keyboard.up('Control');
await page.waitForSelector('.CodeMirror-hints');
await page.keyboard.press('Escape');
if (screenshot) await page.screenshot({ path: screenshot });

const inPage = await page.evaluate(() => ({
  violations: window.violations,
  localStorage: Object.keys(window.localStorage),
  sessionStorage: Object.keys(window.sessionStorage),
  cookies: document.cookie,
  fields: ['#token', '#secret'].map((id) => document.querySelector(id)?.value ?? ''),
}));
const databases = await page.evaluate(async () => (await indexedDB.databases()).map((database) => database.name));
const cacheNames = await page.evaluate(() => caches.keys());

const seen = [...consoleMessages];

// The control: the policy refuses what a foreign script or style would do, and this script would see it.
const control = await page.evaluate(async () => {
  const violatedBy = async (act) => {
    const count = window.violations.length;
    await act();
    await new Promise((done) => setTimeout(done, 200));
    return window.violations.length > count;
  };
  const inlineStyle = await violatedBy(() => document.body.insertAdjacentHTML('beforeend', '<p style="color: red"></p>'));
  const inlineScript = await violatedBy(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
  });
  const otherHost = await violatedBy(() => fetch('http://127.0.0.1:1/').catch(() => {}));
  return { inlineStyle, inlineScript: inlineScript && !window.ran, otherHost };
});
await browser.close();
console.log(
  JSON.stringify({
    status: response.status(),
    hasCredentials,
    hadEditorBeforeToken: beforeToken !== null,
    documentation: documentation.slice(0, 200),
    samples,
    shown: status,
    asked: operations.map(({ purpose, language, query }) => ({ purpose, language, isIntrospection: query.includes('__schema') })),
    consoleMessages: seen,
    otherHosts: requests.filter((request) => !request.startsWith('data:') && new URL(request).origin !== origin),
    databases,
    cacheNames,
    control,
    ...inPage,
  }),
);
