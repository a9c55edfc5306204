// Sends two documents to URL, each with two values, with the bearer token TOKEN, both from the environment, through
// Apollo Client 3 and 4 with persisted queries, by POST and by GET. Prints a line of JSON for each: the results of the
// application, the requests, and the texts of the documents whose hashes the client sends.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

const { URL: url, TOKEN: token } = process.env;
if (!url || !token) {
  console.error('URL and TOKEN are required');
  process.exit(2);
}

// Both major versions ship CommonJS builds, which Node resolves without a bundler.
const require = createRequire(import.meta.url);

for (const version of ['apollo-client-3', 'apollo-client-4']) {
  const { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } = require(`${version}/core`);
  const persisted = require(`${version}/link/persisted-queries`);
  for (const useGETForHashedQueries of [false, true]) {
    const sent = [];
    const texts = [];
    const sha256 = (text) => {
      texts.push(text);
      return createHash('sha256').update(text).digest('hex');
    };
    const fetchFn = (input, init = {}) => {
      const body = init.body ? JSON.parse(init.body) : Object.fromEntries(new URL(input).searchParams);
      const hasHash = JSON.stringify(body.extensions ?? '').includes('sha256Hash');
      sent.push([init.method, hasHash && 'hash', typeof body.query === 'string' && 'text'].filter(Boolean).join(' '));
      return fetch(input, init);
    };
    const options = { sha256, useGETForHashedQueries };
    const link = persisted.PersistedQueryLink
      ? new persisted.PersistedQueryLink(options)
      : persisted.createPersistedQueryLink(options);
    const http = new HttpLink({ uri: url, fetch: fetchFn, headers: { authorization: `Bearer ${token}` } });
    const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([link, http]) });
    const results = [];
    const documents = [
      gql`query Unit($code: String!) { unit(by: { code: $code }) { code } }`,
      gql`query Named($code: String!) { unit(by: { code: $code }) { code name } }`,
    ];
    for (const query of documents) {
      for (const code of ['A', 'A1']) {
        try {
          const { data } = await client.query({ query, variables: { code }, fetchPolicy: 'network-only' });
          results.push(data.unit.code);
        } catch (error) {
          const [first] = error.errors ?? error.networkError?.result?.errors ?? error.graphQLErrors ?? [];
          results.push(first?.extensions?.code ?? String(error));
        }
      }
    }
    client.stop();
    console.log(JSON.stringify({ version, get: useGETForHashedQueries, results, sent, texts: [...new Set(texts)] }));
  }
}
