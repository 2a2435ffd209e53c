// Shows that the schema and the rules bite: requests that are wrong in one place each must not pass.

const GOOD = {
  messages: [{ role: 'user', content: [{ text: 'hi' }] }],
  inferenceConfig: { maxTokens: 10, temperature: 0.5 },
  toolConfig: {
    tools: [{ toolSpec: { name: 'f', description: 'd', inputSchema: { json: { type: 'object', anything: 1 } } } }],
    toolChoice: { tool: { name: 'f' } },
  },
  additionalModelRequestFields: { anything: [1] },
};

const WRONG = {
  'a model': (r) => (r.modelId = 'm'),
  'a member of OpenAI': (r) => (r.frequency_penalty = 1),
  'an unknown role': (r) => (r.messages[0].role = 'tool'),
  'content in words': (r) => (r.messages[0].content = 'hi'),
  'a block of Anthropic': (r) => (r.messages[0].content[0] = { type: 'text', text: 'hi' }),
  'a block of nothing': (r) => (r.messages[0].content[0] = {}),
  'a block of two': (r) => (r.messages[0].content[0].image = { format: 'png', source: { bytes: 'AA==' } }),
  'an unknown format': (r) => (r.messages[0].content[0] = { image: { format: 'jpg', source: { bytes: 'AA==' } } }),
  'bytes that are none': (r) => (r.messages[0].content[0] = { image: { format: 'png', source: { bytes: 'data:…' } } }),
  'an image of the web': (r) => (r.messages[0].content[0] = { image: { format: 'png', source: { url: 'https://x' } } }),
  'a limit in words': (r) => (r.inferenceConfig.maxTokens = 'ten'),
  'a member of Anthropic': (r) => (r.inferenceConfig.top_k = 1),
  'a tool of OpenAI': (r) => (r.toolConfig.tools[0] = { type: 'function', function: { name: 'f' } }),
  'a tool without a schema': (r) => delete r.toolConfig.tools[0].toolSpec.inputSchema,
  'a choice of Anthropic': (r) => (r.toolConfig.toolChoice = { type: 'auto' }),
  'an unknown choice': (r) => (r.toolConfig.toolChoice = { none: {} }),
  'a result without a call': (r) => (r.messages[0].content[0] = { toolResult: { content: [] } }),
  'a cache point of Anthropic': (r) => (r.messages[0].content[0] = { cachePoint: { type: 'ephemeral' } }),
  'an unknown tier': (r) => (r.serviceTier = { type: 'auto' }),
};

const call = (toolUseId, input = {}) => ({ toolUse: { toolUseId, name: 'f', input } });
const file = (name) => ({ document: { format: 'pdf', name, source: { bytes: 'AA==' } } });
const assistant = (...content) => (r) => r.messages.push({ role: 'assistant', content });
const user = (...content) => (r) => r.messages[0].content.unshift(...content);

// By the types they are requests.
const AGAINST_THE_RULES = {
  'no messages': (r) => (r.messages = []),
  'an empty message': assistant(),
  'a role twice': (r) => r.messages.push({ role: 'user', content: [{ text: 'ho' }] }),
  'blank text': user({ text: ' \n' }),
  'a blank system': (r) => (r.system = [{ text: '' }]),
  'a blank result': user({ toolResult: { toolUseId: 'a', content: [{ text: '' }] } }),
  'space at the end of a beginning': assistant({ text: 'a ' }),
  'a document alone': (r) => (r.messages[0].content = [file('a')]),
  'a picture of the assistant\'s': assistant({ image: { format: 'png', source: { bytes: 'AA==' } } }),
  'a name with a dot': user(file('a.pdf')),
  'a name with two blanks': user(file('a  b')),
  'a name twice': user(file('a'), file('a')),
  'an unfit id': assistant(call('a/b')),
  'a long id': assistant(call('a'.repeat(65))),
  'an id that stands twice': assistant(call('a'), call('a')),
  'an input that is none': assistant(call('a', 'x')),
  'a late result': (r) => r.messages[0].content.push({ toolResult: { toolUseId: 'a', content: [] } }),
  'tools that are not offered': (r) => {
    delete r.toolConfig;
    assistant(call('a'))(r);
  },
  'no tools': (r) => (r.toolConfig.tools = []),
  'an empty description': (r) => (r.toolConfig.tools[0].toolSpec.description = ''),
  'a long name': (r) => (r.toolConfig.tools[0].toolSpec.name = 'f'.repeat(65)),
  'a schema that is no object': (r) => (r.toolConfig.tools[0].toolSpec.inputSchema.json = { type: 'string' }),
  'a reference to nothing': (r) => (r.toolConfig.tools[0].toolSpec.inputSchema.json.$ref = '#/$defs/a'),
  'a hot temperature': (r) => (r.inferenceConfig.temperature = 1.5),
  'a limit of nothing': (r) => (r.inferenceConfig.maxTokens = 0),
  'a blank stop': (r) => (r.inferenceConfig.stopSequences = ['a', ' ']),
  'metadata in other letters': (r) => (r.requestMetadata = { a: 'ü' }),
  'two choices': (r) => (r.additionalModelRequestFields.tool_choice = { type: 'none' }),
};

export function selfTest(isRequest, broken) {
  if (!isRequest(structuredClone(GOOD))) throw new Error('the schema refuses a good request');
  const { inferenceConfig, ...counted } = structuredClone(GOOD);
  if (!isRequest({ input: { converse: counted } })) throw new Error('the schema refuses a good request to be counted');
  if (isRequest({ input: { converse: { ...counted, inferenceConfig } } })) throw new Error('the schema counts a limit');
  if (broken(structuredClone(GOOD)).length > 0) throw new Error('the rules refuse a good request');
  for (const [name, spoil] of Object.entries(AGAINST_THE_RULES)) {
    const request = structuredClone(GOOD);
    spoil(request);
    if (!isRequest(request)) throw new Error(`the schema refuses ${name}`);
    if (broken(request).length !== 1) throw new Error(`${name} breaks ${broken(request).length} rules`);
  }
  for (const [name, spoil] of Object.entries(WRONG)) {
    const request = structuredClone(GOOD);
    spoil(request);
    if (isRequest(request)) throw new Error(`the schema lets pass ${name}`);
  }
}
