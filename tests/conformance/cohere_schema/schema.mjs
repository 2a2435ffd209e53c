// The types of Cohere's package as a JSON Schema.

import { DRAFT, load, Writer } from '../sdk_schema/types.mjs';

// The package adds `stream` to what its functions take. A line of the log names the operation of a request.
const ROOTS = `
import type { Cohere } from 'cohere-ai';
export interface Roots {
  chat: Cohere.V2ChatRequest & { stream: boolean };
  embedding: Cohere.V2EmbedRequest;
  rerank: Cohere.V2RerankRequest;
}
`;

// The package spells members as TypeScript does, and the API with `_`.
class SnakeWriter extends Writer {
  spelling(name) {
    return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}

// The schema of `{OPERATION: REQUEST}`, from the packages in `directory`/node_modules.
export function requestSchema(directory) {
  const { ts, checker, roots } = load(directory, ROOTS);
  const writer = new SnakeWriter(ts, checker);
  const anyOf = checker.getPropertiesOfType(roots).map((property) => ({
    type: 'object',
    properties: { [property.getName()]: writer.schema(checker.getTypeOfSymbol(property)) },
    required: [property.getName()],
    additionalProperties: false,
  }));
  return { $schema: DRAFT, anyOf, $defs: writer.definitions };
}
