// Shows that the schema and the rules bite: requests that are wrong in one place each must not pass.

const GOOD = {
  chat: {
    model: 'm',
    stream: false,
    messages: [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        tool_plan: 'p',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: [{ type: 'document', document: { data: { anything: 1 } } }] },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', anythingElse: 1 } } }],
    tool_choice: 'REQUIRED',
    response_format: { type: 'json_object', json_schema: { type: 'object' } },
    thinking: { type: 'enabled', token_budget: 5 },
    documents: ['d', { id: 'x', data: { text: 't' } }],
  },
  embedding: { model: 'm', texts: ['a'], input_type: 'search_query', embedding_types: ['float'] },
  rerank: { model: 'm', query: 'q', documents: ['a'], top_n: 1 },
};

const WRONG = {
  'no model': (r) => delete r.chat.model,
  'a member of OpenAI': (r) => (r.chat.top_p = 1),
  'a member as the package spells it': (r) => (r.chat.stopSequences = ['a']),
  'an unknown role': (r) => (r.chat.messages[0].role = 'developer'),
  'an image of a system': (r) =>
    (r.chat.messages[0] = { role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://x' } }] }),
  'a part of Anthropic': (r) => (r.chat.messages[0].content = [{ type: 'image', source: {} }]),
  'a bare image': (r) => (r.chat.messages[0].content = [{ type: 'image_url', image_url: 'https://x' }]),
  'a result without a call': (r) => delete r.chat.messages[2].tool_call_id,
  'a function without parameters': (r) => delete r.chat.tools[0].function.parameters,
  'strictness of one function': (r) => (r.chat.tools[0].function.strict = true),
  'a choice of OpenAI': (r) => (r.chat.tool_choice = 'auto'),
  'a format of OpenAI': (r) => (r.chat.response_format.type = 'json_schema'),
  'a budget of Anthropic': (r) => (r.chat.thinking.budget_tokens = 5),
  'logprobs by number': (r) => (r.chat.logprobs = 1),
  'no type of input': (r) => delete r.embedding.input_type,
  'another type of input': (r) => (r.embedding.input_type = 'query'),
  'another type of vector': (r) => (r.embedding.embedding_types = ['double']),
  'input of OpenAI': (r) => (r.embedding.input = ['a']),
  'a document of members': (r) => (r.rerank.documents = [{ text: 'a' }]),
  'documents returned': (r) => (r.rerank.return_documents = true),
  'no query': (r) => delete r.rerank.query,
};

// By the types they are requests.
const AGAINST_THE_RULES = {
  'no messages': (r) => (r.chat.messages = []),
  'an empty message': (r) => (r.chat.messages[0].content = ''),
  'an empty text': (r) => (r.chat.messages[0].content = [{ type: 'text', text: '' }]),
  'a result of no call': (r) => (r.chat.messages[2].tool_call_id = 'd'),
  'a message before a result': (r) => r.chat.messages.splice(2, 0, { role: 'user', content: 'x' }),
  'an id twice': (r) => r.chat.messages[1].tool_calls.push(r.chat.messages[1].tool_calls[0]),
  'broken arguments': (r) => (r.chat.messages[1].tool_calls[0].function.arguments = '{'),
  'an image of nowhere': (r) => (r.chat.messages[0].content = [{ type: 'image_url', image_url: { url: 'a.png' } }]),
  'six stops': (r) => (r.chat.stop_sequences = ['1', '2', '3', '4', '5', '6']),
  'too cold': (r) => (r.chat.temperature = -1),
  'a reward': (r) => (r.chat.presence_penalty = -1),
  'too many tokens to choose from': (r) => (r.chat.k = 501),
  'all tokens': (r) => (r.chat.p = 1),
  'a choice of nothing': (r) => delete r.chat.tools,
  'no tools': (r) => (r.chat.tools = []),
  'nothing to embed': (r) => delete r.embedding.texts,
  'too much to embed': (r) => (r.embedding.texts = Array(97).fill('a')),
  'nothing to put in order': (r) => (r.rerank.documents = []),
};

const linesOf = (requests) => Object.entries(requests).map(([operation, request]) => ({ [operation]: request }));

// Throws if the checks do not tell right from wrong. `isRequest` and `broken` take `{OPERATION: REQUEST}`.
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
