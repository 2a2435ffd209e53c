// The types of AWS's package as a JSON Schema.

import { DRAFT, load, Writer } from '../sdk_schema/types.mjs';

const ROOTS = `
import type { ConverseRequest, ConverseStreamRequest, CountTokensRequest } from '@aws-sdk/client-bedrock-runtime';
export interface Roots { whole: ConverseRequest; streamed: ConverseStreamRequest; counted: CountTokensRequest }
`;

// In HTTP this stands in the path.
const IN_PATH = 'modelId';
// What the types of a union have for members that came after them.
const UNKNOWN = '$unknown';

class AwsWriter extends Writer {
  special(type) {
    if (type.aliasSymbol?.getName() === 'DocumentType') return true; // any JSON
    if (type.symbol?.getName() === 'Uint8Array') return { type: 'string', pattern: '^[A-Za-z0-9+/]*={0,2}$' };
    return undefined;
  }

  // Each type of a union has the others' members, of a type that nothing is of.
  isMember(type) {
    return !this.#isNothing(type);
  }

  isAlternative(type) {
    const unknown = type.getProperty?.(UNKNOWN);
    return !unknown || this.#isNothing(this.checker.getTypeOfSymbol(unknown));
  }

  #isNothing(type) {
    return (type.flags & (this.ts.TypeFlags.Undefined | this.ts.TypeFlags.Never)) !== 0;
  }
}

// The schema of a request body, from the packages in `directory`/node_modules.
export function requestSchema(directory) {
  const { ts, checker, roots } = load(directory, ROOTS);
  const writer = new AwsWriter(ts, checker);
  const anyOf = checker.getPropertiesOfType(roots).map((property) => body(writer.object(checker.getTypeOfSymbol(property))));
  return { $schema: DRAFT, anyOf, $defs: writer.definitions };
}

function body(schema) {
  const { [IN_PATH]: _, ...properties } = schema.properties;
  return { ...schema, properties, required: schema.required.filter((name) => name !== IN_PATH) };
}
