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

export async function load(sha256: string, archive: Blob): Promise<string[]> {
  const { data, error } = await client.PUT('/v1/imports/{sha256}', {
    params: { path: { sha256 }, query: { mode: 'check' }, header: { 'X-Purpose': 'PERSONNEL' } },
    headers: { 'Content-Type': 'application/zip' },
    body: archive,
    bodySerializer: () => archive,
  });
  if (data) return data.files.map((file) => `${file.name}: ${file.new} new`);
  return (error.errors ?? []).map((finding) => `${'file' in finding ? finding.file : ''} ${finding.code}`);
}

// @ts-expect-error a mode that an import does not have
export const tried = (sha256: string) => client.PUT('/v1/imports/{sha256}', { params: { path: { sha256 }, query: { mode: 'try' } } });

// @ts-expect-error a word that the enum does not have
export const wrong = () => client.GET('/v1/cadres', { params: { query: { gender: 'NONE' } } });

// @ts-expect-error the key is required
export const keyless = () => client.POST('/v1/rotations/{rotationId}/start', { params: { path: { rotationId: 'x' } } });
