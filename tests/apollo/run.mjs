// Asks one query of URL with the bearer token TOKEN, both from the environment, through Apollo Client 3 and 4 with
// persisted queries, by POST and by GET. Prints a line of JSON for each: what the application got, and what was sent.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

const { URL: url, TOKEN: token } = process.env;
if (!url || !token) {
  console.error('URL and TOKEN are required');
  process.exit(2);
}

// Both major versions ship CommonJS builds, which Node resolves without a bundler.
const require = createRequire(import.meta.url);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

for (const version of ['apollo-client-3', 'apollo-client-4']) {
  const { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } = require(`${version}/core`);
  const persisted = require(`${version}/link/persisted-queries`);
  for (const useGETForHashedQueries of [false, true]) {
    const sent = [];
    const fetchFn = (input, init = {}) => {
      const body = init.body ? JSON.parse(init.body) : Object.fromEntries(new URL(input).searchParams);
      sent.push({ method: init.method, hasQuery: typeof body.query === 'string' });
      return fetch(input, init);
    };
    const options = { sha256, useGETForHashedQueries };
    const link = persisted.PersistedQueryLink
      ? new persisted.PersistedQueryLink(options)
      : persisted.createPersistedQueryLink(options);
    const http = new HttpLink({ uri: url, fetch: fetchFn, headers: { authorization: `Bearer ${token}` } });
    const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([link, http]) });
    const results = [];
    for (const code of ['A', 'A1']) {
      const query = gql`query Unit($code: String!) { unit(by: { code: $code }) { code } }`;
      try {
        const { data } = await client.query({ query, variables: { code } });
        results.push(data.unit.code);
      } catch (error) {
        results.push(String(error));
      }
    }
    client.stop();
    console.log(JSON.stringify({ version, get: useGETForHashedQueries, results, sent }));
  }
}
