// Shows that the schema and the rules bite: requests that are wrong in one place each must not pass.

const CALL = { id: 'abcdefghi', type: 'function', function: { name: 'f', arguments: '{}' } };
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object', anythingElse: 1 } } };

const GOOD = {
  'mistral-ai chat': {
    model: 'm',
    max_tokens: 1,
    random_seed: 1,
    messages: [
      { role: 'system', content: 's' },
      { role: 'user', content: [{ type: 'text', text: 't' }, { type: 'image_url', image_url: { url: 'https://x' } }] },
      { role: 'assistant', content: null, tool_calls: [CALL] },
      { role: 'tool', tool_call_id: 'abcdefghi', content: 'r' },
    ],
    tools: [TOOL],
    tool_choice: 'any',
    response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: { type: 'object' } } },
  },
  'mistral-ai completion': { model: 'm', prompt: 'p', suffix: 's', min_tokens: 1 },
  'mistral-ai embedding': { model: 'm', input: ['a'], output_dimension: 8 },
  'together-ai chat': {
    model: 'm',
    messages: [
      { role: 'user', content: 'u' },
      { role: 'assistant', content: null, tool_calls: [{ ...CALL, index: 0 }] },
      { role: 'tool', tool_call_id: 'abcdefghi', content: 'r' },
    ],
    tools: [TOOL],
    min_p: 0.1,
  },
  'together-ai completion': { model: 'm', prompt: 'p' },
  'together-ai embedding': { model: 'm', input: ['a'] },
  'together-ai rerank': { model: 'm', query: 'q', documents: ['a'], top_n: 1 },
};

const WRONG = {
  'no model': (r) => delete r['mistral-ai chat'].model,
  "a seed as OpenAI calls it": (r) => (r['mistral-ai chat'].seed = 1),
  'a bound as OpenAI calls it now': (r) => (r['mistral-ai chat'].max_completion_tokens = 1),
  'a member as the package spells it': (r) => (r['mistral-ai chat'].maxTokens = 1),
  'options of streams': (r) => (r['mistral-ai chat'].stream_options = {}),
  'an end user': (r) => (r['mistral-ai chat'].user = 'u'),
  'a developer': (r) => (r['mistral-ai chat'].messages[0].role = 'developer'),
  'a name': (r) => (r['mistral-ai chat'].messages[1].name = 'n'),
  'reasoning of before': (r) => (r['mistral-ai chat'].messages[2].reasoning_content = 'r'),
  'a file of OpenAI': (r) => r['mistral-ai chat'].messages[1].content.push({ type: 'file', file: { file_data: 'd' } }),
  'a part of Anthropic': (r) => r['mistral-ai chat'].messages[1].content.push({ type: 'image', source: {} }),
  'a function without parameters': (r) => (r['mistral-ai chat'].tools = [{ type: 'function', function: { name: 'f' } }]),
  'a format without its schema': (r) => (r['mistral-ai chat'].response_format.json_schema = { name: 'n' }),
  'no prompt': (r) => delete r['mistral-ai completion'].prompt,
  'echo': (r) => (r['mistral-ai completion'].echo = true),
  'dimensions as OpenAI calls them': (r) => (r['mistral-ai embedding'].dimensions = 8),
  'tokens': (r) => (r['mistral-ai embedding'].input = [1]),
  'a bound that Together does not know': (r) => (r['together-ai chat'].max_completion_tokens = 1),
  'a result without its call': (r) => delete r['together-ai chat'].messages[2].tool_call_id,
  'a result of parts': (r) => (r['together-ai chat'].messages[2].content = [{ type: 'text', text: 't' }]),
  'no query': (r) => delete r['together-ai rerank'].query,
};

// By the types they are requests.
const AGAINST_THE_RULES = {
  'an id of OpenAI': (r) => (r['mistral-ai chat'].messages[2].tool_calls = [{ ...CALL, id: 'call_1' }]),
  'a result of no call': (r) => (r['mistral-ai chat'].messages[3].tool_call_id = 'ihgfedcba'),
};

const linesOf = (requests) => Object.entries(requests).map(([name, request]) => ({ [name]: request }));

// Throws if the checks do not tell right from wrong. `isRequest` and `broken` take `{"PROVIDER OPERATION": REQUEST}`.
export function selfTest(isRequest, broken) {
  const passes = (line) => isRequest(line) && broken(line).length === 0;
  for (const line of linesOf(GOOD)) {
    if (!passes(line)) throw new Error(`a good request does not pass: ${JSON.stringify([line, isRequest.errors, broken(line)])}`);
  }
  for (const [changes, byTypes] of [[WRONG, false], [AGAINST_THE_RULES, true]]) {
    for (const [name, change] of Object.entries(changes)) {
      const requests = structuredClone(GOOD);
      change(requests);
      const lines = linesOf(requests);
      if (lines.every(passes)) throw new Error(`passes: ${name}`);
      if (byTypes && !lines.every((line) => isRequest(line))) throw new Error(`is no request by the types: ${name}`);
    }
  }
}
