// Runs the public GraphQL-over-HTTP audits against URL with the bearer token TOKEN, both from the environment.
// Prints a line of JSON for each audit and one for the sum. The exit status is 0 only if all 61 are ok.

import { serverAudits } from 'graphql-http';

const EXPECTED = 61;

const { URL: url, TOKEN: token } = process.env;
if (!url || !token) {
  console.error('URL and TOKEN are required');
  process.exit(2);
}

// The audits decide which headers are sent and which are not, so only the token is added.
const fetchFn = (input, init = {}) =>
  fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(10_000) });

let ok = 0;
const audits = serverAudits({ url, fetchFn });
for (const { id, name, fn } of audits) {
  let result;
  try {
    result = await fn();
  } catch (error) {
    result = { status: 'fatal', reason: `${error.message}${error.cause ? `: ${error.cause.message}` : ''}` };
  }
  const { status, reason, response } = result;
  const answer = response && { status: response.status, contentType: response.headers.get('content-type') };
  console.log(JSON.stringify({ id, name, status, reason, answer }));
  ok += status === 'ok' ? 1 : 0;
}

console.log(JSON.stringify({ ok, total: audits.length, expected: EXPECTED }));
process.exitCode = ok === EXPECTED && audits.length === EXPECTED ? 0 : 1;
