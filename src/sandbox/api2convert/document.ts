import { readFileSync } from 'node:fs';
import type { JsonObject } from './job.js';

/** An OpenAPI 3.0 document, as far as it is looked into here. */
export interface OpenApiDocument extends JsonObject {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonObject>>; readonly requestBodies: Readonly<Record<string, JsonObject>> };
}

export interface OpenApiOperation extends JsonObject {
  readonly parameters?: readonly JsonObject[];
  readonly requestBody?: JsonObject;
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: JsonObject }>> }>>;
}

/** The vendor's own document: OpenAPI 3.0.0, API version 2.0.1. */
export function vendorDocument(): OpenApiDocument {
  return JSON.parse(readFileSync(new URL('./openapi.json', import.meta.url), 'utf8')) as OpenApiDocument;
}
