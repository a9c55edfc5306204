// A client with the generated types. It is compiled only.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

const client = createClient<paths>({ baseUrl: 'https://cadre.example.vn' });

export async function everyCode(): Promise<string[]> {
  const codes: string[] = [];
  let after: string | undefined;
  do {
    const { data, error } = await client.GET('/v1/cadres', {
      params: { query: { 'unit.code': 'BN-LT', gender: 'FEMALE', first: 100, after } },
    });
    if (error) throw new Error(`${error.code}: ${error.detail}`);
    codes.push(...data.items.map((cadre: components['schemas']['Cadre']) => cadre.code));
    after = data.next ?? undefined;
  } while (after !== undefined);
  return codes;
}

export async function advance(rotationId: string, version: number): Promise<string> {
  const { data, error } = await client.POST('/v1/rotations/{rotationId}/advance', {
    params: { path: { rotationId }, header: { 'Idempotency-Key': 'r-1', 'If-Match': `"${version}"` } },
    body: { step: 'POLICY', on: '2026-05-04' },
  });
  if (error) throw new Error(error.code);
  const state: 'DRAFT' | string = data.rotation.state;
  return state;
}

export async function tierOfTitle(code: string): Promise<string | null> {
  const { data } = await client.GET('/v1/titles');
  return data?.items.find((title) => title.code === code)?.tier ?? null;
}

// @ts-expect-error a word that the enum does not have
export const wrong = () => client.GET('/v1/cadres', { params: { query: { gender: 'NONE' } } });

// @ts-expect-error the key is required
export const keyless = () => client.POST('/v1/rotations/{rotationId}/start', { params: { path: { rotationId: 'x' } } });
