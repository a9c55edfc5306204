// An identity provider for the tests: oidc-provider with one client, people who log in by any password, and access
// tokens as JWTs for any requested resource. `alg` and `ttl` in the query of a resource choose the signature and the
// lifetime of its token; the audience is the origin of the resource. Prints its issuer when it listens.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const SCOPES = 'cadre:read stats:read training:read training:write clients:admin cadre.identity:read';

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  // Keys go through PEM: Node 20 can deadlock if a generated key is exported as JWK while the garbage collector frees
  // the job that generated it, since both lock the key.
  const pem = (type, options) => {
    const { privateKey } = generateKeyPairSync(type, {
      ...options,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    return createPrivateKey(privateKey);
  };
  const pairs = [
    ['ES256', pem('ec', { namedCurve: 'P-256' })],
    ['EdDSA', pem('ed25519')],
    ['Ed25519', pem('ed25519')],
    ['RS256', pem('rsa', { modulusLength: 2048 })],
    ['PS256', pem('rsa', { modulusLength: 2048 })],
  ];
  const keys = pairs.map(([alg, key]) => ({ ...key.export({ format: 'jwk' }), alg, use: 'sig', kid: alg }));
  const resource = (text) => {
    const { origin, searchParams } = new URL(text);
    return {
      audience: origin,
      scope: SCOPES,
      accessTokenFormat: 'jwt',
      accessTokenTTL: Number(searchParams.get('ttl') ?? 300),
      jwt: { sign: { alg: searchParams.get('alg') ?? 'ES256' } },
    };
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'mobile',
        client_secret: 'a secret of the tests',
        grant_types: ['client_credentials', 'authorization_code'],
        redirect_uris: ['http://127.0.0.1/signed-in'],
        application_type: 'native',
        response_types: ['code'],
      },
    ],
    cookies: { keys: ['a key of the tests'] },
    jwks: { keys },
    scopes: ['openid', ...SCOPES.split(' ')],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo: (_, indicator) => resource(indicator) },
    },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
// The provider ends when the process that started it closes its standard input.
process.stdin.resume().on('end', () => process.exit(0));
