// The types of Anthropic's package as JSON Schemas.

import { DRAFT, load, Writer } from '../sdk_schema/types.mjs';

const ROOTS = `
import type { MessageCreateParamsBase as Stable } from '@anthropic-ai/sdk/resources/messages/messages';
import type { Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages/messages';
import type { MessageCreateParams as Beta } from '@anthropic-ai/sdk/resources/beta/messages/messages';
import type { MessageCountTokensParams as StableCount } from '@anthropic-ai/sdk/resources/messages/messages';
import type { MessageCountTokensParams as BetaCount } from '@anthropic-ai/sdk/resources/beta/messages/messages';
export interface Roots { stable: Stable; beta: Beta }
export interface Counts { stable: StableCount; beta: BetaCount }
export interface Answers { message: Message; event: RawMessageStreamEvent }
`;

// Members that are headers in HTTP, and members that API version 2023-06-01 takes while the package describes the
// newest version only.
const IN_HEADERS = ['user_profile_id', 'workspace_id', 'betas'];
const OLDER_VERSION = {
  temperature: { type: 'number', minimum: 0, maximum: 1 },
  top_p: { type: 'number', minimum: 0, maximum: 1 },
  top_k: { type: 'integer' },
};

// The schema of a request body, from the packages in `directory`/node_modules.
export function requestSchema(directory) {
  return bodySchema(directory, 'Roots', OLDER_VERSION);
}

// The same of a request whose tokens are to be counted.
export function countSchema(directory) {
  return bodySchema(directory, 'Counts', {});
}

function bodySchema(directory, name, more) {
  const { ts, checker, roots } = load(directory, ROOTS, name);
  const writer = new Writer(ts, checker);
  const anyOf = [];
  for (const property of checker.getPropertiesOfType(roots)) {
    const types = checker.getTypeOfSymbol(property);
    for (const type of types.isUnion() ? types.types : [types]) anyOf.push(body(writer.object(type), more));
  }
  return { $schema: DRAFT, anyOf, $defs: writer.definitions };
}

// The schema of {"message": …} and {"event": …}: what the package takes as an answer, and as an event of a stream.
export function answerSchema(directory) {
  const { ts, checker, roots } = load(directory, ROOTS, 'Answers');
  const writer = new Writer(ts, checker);
  const schema = writer.object(roots);
  return { $schema: DRAFT, ...schema, required: [], minProperties: 1, $defs: writer.definitions };
}

function body(schema, more) {
  const properties = { ...schema.properties, ...more };
  for (const name of IN_HEADERS) delete properties[name];
  return { ...schema, properties };
}
