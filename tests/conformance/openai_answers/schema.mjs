// The types of OpenAI's package as a JSON Schema of what callers are answered.

import { DRAFT, load, Writer } from '../sdk_schema/types.mjs';
import { MORE, OTHERS, SAYS_NULL } from './members.mjs';

// What the package types otherwise than the API has it: pieces of a text completion have no reason to end and no usage but
// the last, and vectors are base64 where the request asks for that, which the package reads before anybody sees it.
const ROOTS = `
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { Completion, CompletionChoice } from 'openai/resources/completions';
import type { CreateEmbeddingResponse, Embedding } from 'openai/resources/embeddings';
import type { Model } from 'openai/resources/models';
import type { ErrorObject } from 'openai/resources/shared';
interface CompletionChunkChoice extends Omit<CompletionChoice, 'finish_reason'> {
  finish_reason: CompletionChoice['finish_reason'] | null;
}
interface CompletionChunk extends Omit<Completion, 'choices' | 'usage'> {
  choices: CompletionChunkChoice[];
  usage?: Completion['usage'] | null;
}
interface WireEmbedding extends Omit<Embedding, 'embedding'> { embedding: number[] | string }
interface EmbeddingResponse extends Omit<CreateEmbeddingResponse, 'data'> { data: WireEmbedding[] }
interface ModelList { object: 'list'; data: Model[] }
interface ErrorBody { error: ErrorObject }
export interface Roots {
  chat: ChatCompletion;
  chunk: ChatCompletionChunk;
  completion: Completion;
  completion_chunk: CompletionChunk;
  embedding: EmbeddingResponse;
  list_models: ModelList;
  get_model: Model;
  error: ErrorBody;
}
`;

// Counts, places and times are whole numbers, which TypeScript cannot say.
const WHOLE = /^(created|expires_at|index|(start|end)_index|.*_tokens)$/;

// The package's own client takes no more from chunks whose id is empty, and so loses the usage.
const NAMED = /^(ChatCompletion|Completion)(Chunk)?$/;

class AnswerWriter extends Writer {
  names = new Set();

  constructor(ts, checker, allows) {
    super(ts, checker);
    this.allows = allows;
  }

  object(type) {
    const schema = super.object(type);
    for (const [member, of] of Object.entries(schema.properties)) {
      if (WHOLE.test(member) && of.type === 'number') of.type = 'integer';
    }
    const name = this.#nameOf(type);
    this.names.add(name);
    if (NAMED.test(name)) schema.properties.id = { type: 'string', minLength: 1 };
    if (schema.additionalProperties === false) this.allows(schema, name);
    // Chunks have them too: see members.mjs.
    if (name === 'ChatCompletionMessage') this.definitions.annotations = schema.properties.annotations;
    return schema;
  }

  // `ChatCompletion.Choice`, without the module that it stands in.
  #nameOf(type) {
    const symbol = type.aliasSymbol ?? type.getSymbol();
    return this.checker.getFullyQualifiedName(symbol).replace(/^".*"\./, '');
  }
}

// Makes *schema allow what `other` does, too.
function orElse(schema, other) {
  const own = { ...schema };
  for (const keyword of Object.keys(own)) delete schema[keyword];
  schema.anyOf = [own, other];
}

// Of what is no member of a type, only what is listed.
const listed = (provider) => (schema, name) => {
  for (const [member, { of, from }] of Object.entries(MORE[name] ?? {})) {
    if (member in schema.properties) throw new Error(`${name}.${member} is a member of the package's type now`);
    if (!from || from.includes(provider)) schema.properties[member] = of;
  }
  if (provider === SAYS_NULL) {
    for (const member of Object.keys(schema.properties)) {
      if (!schema.required.includes(member)) schema.properties[member] = { anyOf: [{ type: 'null' }, schema.properties[member]] };
    }
  }
  // What the tests call a member that no API has.
  schema.patternProperties = { '^novel': true };
  if (OTHERS[name]?.from.includes(provider)) orElse(schema, OTHERS[name].of);
};

const anything = (schema, name) => {
  schema.additionalProperties = true;
  if (name in OTHERS) orElse(schema, OTHERS[name].of);
};

// `{of, assembled}`: the schema of `{KIND: BODY}` from a provider, and one of what the package has put together of a
// stream, which has members of its own. From the packages in `directory`/node_modules.
export function answerSchemas(directory) {
  const { ts, checker, roots } = load(directory, ROOTS);
  const write = (allows) => {
    const writer = new AnswerWriter(ts, checker, allows);
    const properties = writer.object(roots).properties;
    for (const name of [...Object.keys(MORE), ...Object.keys(OTHERS)]) {
      if (!writer.names.has(name)) throw new Error(`members.mjs has ${name}, which is no type`);
    }
    const schema = { type: 'object', properties, additionalProperties: false, minProperties: 1 };
    return { $schema: DRAFT, ...schema, $defs: writer.definitions };
  };
  return { of: (provider) => write(listed(provider)), assembled: write(anything) };
}
