// Shows that the schema bites: requests that are wrong in one place each must not pass.

const GOOD = {
  model: 'claude-sonnet-4-5',
  max_tokens: 10,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
  tools: [{ name: 'f', input_schema: { type: 'object', anything: 1 } }],
  tool_choice: { type: 'tool', name: 'f' },
};

const WRONG = {
  'no limit': (r) => delete r.max_tokens,
  'no messages': (r) => delete r.messages,
  'a limit in words': (r) => (r.max_tokens = 'ten'),
  'an unknown role': (r) => (r.messages[0].role = 'tool'),
  'an unknown block': (r) => (r.messages[0].content[0].type = 'image_url'),
  'a block without its text': (r) => delete r.messages[0].content[0].text,
  'a member of OpenAI': (r) => (r.frequency_penalty = 1),
  'a tool of OpenAI': (r) => (r.tools[0] = { type: 'function', function: { name: 'f' } }),
  'a tool without a schema': (r) => delete r.tools[0].input_schema,
  'a schema that is no object': (r) => (r.tools[0].input_schema = { type: 'string' }),
  'a choice of OpenAI': (r) => (r.tool_choice = 'auto'),
  'an unknown choice': (r) => (r.tool_choice = { type: 'required' }),
  'a stop in words': (r) => (r.stop_sequences = 'END'),
  'a hot temperature': (r) => (r.temperature = 1.5),
  'thinking without a budget': (r) => (r.thinking = { type: 'enabled' }),
};

const call = (id) => ({ type: 'tool_use', id, name: 'f', input: {} });

// By the types they are requests.
const AGAINST_THE_RULES = {
  'no messages': (r) => (r.messages = []),
  'blank text': (r) => (r.messages[0].content = ' \n'),
  'a blank block': (r) => r.messages[0].content.push({ type: 'text', text: '\t' }),
  'a blank system': (r) => (r.system = [{ type: 'text', text: '' }]),
  'a blank result': (r) =>
    r.messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: ' ' }] }),
  'space at the end of a prefill': (r) => r.messages.push({ role: 'assistant', content: 'a ' }),
  'an unfit id': (r) => r.messages.push({ role: 'assistant', content: [call('a:b')] }),
  'an empty id': (r) => r.messages.push({ role: 'assistant', content: [call('')] }),
  'an id that stands twice': (r) => r.messages.push({ role: 'assistant', content: [call('a'), call('a')] }),
  'a blank stop': (r) => (r.stop_sequences = ['a', ' ']),
  'a combined schema': (r) => (r.tools[0].input_schema.anyOf = [{}]),
  'a reference to nothing': (r) => (r.tools[0].input_schema.$ref = '#/$defs/a'),
  'an unknown type in a schema': (r) => (r.tools[0].input_schema.properties = { a: { type: 'dict' } }),
};

// What says how to answer is no part of a request to be counted.
const ONLY_FOR_ANSWERS = {
  'a limit': (r) => (r.max_tokens = 10),
  'a temperature': (r) => (r.temperature = 1),
  'a stream': (r) => (r.stream = false),
  'a stop': (r) => (r.stop_sequences = ['END']),
};

export function selfTest(isRequest, isCountable, broken) {
  const counted = structuredClone(GOOD);
  delete counted.max_tokens;
  if (!isCountable(counted)) throw new Error('the schema refuses a good request to be counted');
  for (const [name, spoil] of Object.entries(ONLY_FOR_ANSWERS)) {
    const request = structuredClone(counted);
    spoil(request);
    if (isCountable(request)) throw new Error(`the schema counts ${name}`);
  }
  if (!isRequest(structuredClone(GOOD))) throw new Error('the schema refuses a good request');
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
