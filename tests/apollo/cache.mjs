// Reads one person of URL on two days into one cache, with Apollo Client 3 and 4: with the type policies of the module
// POLICIES and without. Prints a line of JSON for each: the responses, and the content of the cache afterwards.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { URL: url, TOKEN: token, POLICIES: policies, CODE: code, DAYS: days } = process.env;
if (!url || !token || !policies || !code || !days) {
  console.error('URL, TOKEN, POLICIES, CODE and DAYS are required');
  process.exit(2);
}

const { typePolicies } = await import(pathToFileURL(policies));
const require = createRequire(import.meta.url);

for (const version of ['apollo-client-3', 'apollo-client-4']) {
  const { ApolloClient, HttpLink, InMemoryCache, gql } = require(`${version}/core`);
  const query = gql`
    query Post($code: String!, $day: Date!) {
      cadre(by: { code: $code }, asOf: $day) {
        id
        asOf
        unit { id asOf code name parent { code } }
        assignments { id asOf startOn unit { id asOf code parent { code } } }
        qualifications { id asOf level { id code } }
        rotations { id asOf state fromUnit { code } }
      }
    }
  `;
  for (const hasPolicies of [true, false]) {
    const client = new ApolloClient({
      cache: new InMemoryCache(hasPolicies ? { typePolicies } : {}),
      link: new HttpLink({ uri: url, fetch, headers: { authorization: `Bearer ${token}` } }),
    });
    const read = async (fetchPolicy) => {
      const answers = [];
      for (const day of days.split(',')) {
        const { data } = await client.query({ query, variables: { code, day }, fetchPolicy });
        answers.push(JSON.parse(JSON.stringify(data.cadre)));
      }
      return answers;
    };
    const answered = await read('network-only');
    const cached = await read('cache-only');
    client.stop();
    console.log(JSON.stringify({ version, hasPolicies, answered, cached }));
  }
}
