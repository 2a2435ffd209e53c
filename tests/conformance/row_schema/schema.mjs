// The types of the packages of providers that speak OpenAI's dialect, as a JSON Schema.

import { DRAFT, load, Writer } from '../sdk_schema/types.mjs';

// A line of the log names the provider and the operation of a request. Mistral's package spells members as TypeScript does;
// its types `…$Outbound` are what it sends.
const ROOTS = `
import type { ChatCompletionRequest$Outbound } from '@mistralai/mistralai/models/components/chatcompletionrequest.js';
import type { ChatCompletionStreamRequest$Outbound } from '@mistralai/mistralai/models/components/chatcompletionstreamrequest.js';
import type { EmbeddingRequest$Outbound } from '@mistralai/mistralai/models/components/embeddingrequest.js';
import type { FIMCompletionRequest$Outbound } from '@mistralai/mistralai/models/components/fimcompletionrequest.js';
import type Together from 'together-ai';
type Chat = Together.Chat.CompletionCreateParams;
// As a recording has it, and was answered.
interface OlderFormat { type: 'json_schema'; schema: { [key: string]: unknown } }
export interface Roots {
  'mistral-ai chat': ChatCompletionRequest$Outbound | ChatCompletionStreamRequest$Outbound;
  'mistral-ai completion': FIMCompletionRequest$Outbound;
  'mistral-ai embedding': EmbeddingRequest$Outbound;
  'together-ai chat': Chat | (Omit<Together.Chat.CompletionCreateParamsNonStreaming, 'response_format'> & { response_format: OlderFormat });
  'together-ai completion': Together.CompletionCreateParams;
  'together-ai embedding': Together.EmbeddingCreateParams;
  'together-ai rerank': Together.RerankCreateParams;
}
`;

// What Mistral's package adds where the caller says nothing, so that its types always have it.
const ADDED = new Set(['stream', 'safe_prompt', 'prefix', 'strict', 'type', 'id', 'index', 'parallel_tool_calls', 'role']);

class RowWriter extends Writer {
  object(type) {
    const schema = super.object(type);
    const name = this.checker.typeToString(type);
    // Together's package has one type for calls and for the choice of a function, with all that an answer has.
    if (name === 'ToolChoice') schema.required = ['function', 'type'];
    if (name === 'Function' && schema.properties.arguments) schema.required = ['name'];
    if (/\$Outbound\b/.test(name)) {
      schema.required = schema.required.filter((member) => !ADDED.has(member));
    }
    return schema;
  }
}

// The schema of `{"PROVIDER OPERATION": REQUEST}`, from the packages in `directory`/node_modules.
export function requestSchema(directory) {
  const { ts, checker, roots } = load(directory, ROOTS);
  const writer = new RowWriter(ts, checker);
  const anyOf = checker.getPropertiesOfType(roots).map((property) => ({
    type: 'object',
    properties: { [property.getName()]: writer.schema(checker.getTypeOfSymbol(property)) },
    required: [property.getName()],
    additionalProperties: false,
  }));
  return { $schema: DRAFT, anyOf, $defs: writer.definitions };
}
