// Shows that the check bites: answers that are wrong in one place each must not pass.

const USAGE = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const HEAD = { id: 'i', created: 1, model: 'm' };
const CALL = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
const LOGPROBS = { content: [{ token: 't', bytes: [116], logprob: -1, top_logprobs: [] }], refusal: null };

const chunk = (delta, finish_reason = null) => ({
  ...HEAD,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason }],
});

const good = () =>
  structuredClone({
    chat: {
      ...HEAD,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'c', refusal: null, tool_calls: [CALL] },
          logprobs: LOGPROBS,
          finish_reason: 'tool_calls',
        },
      ],
      usage: { ...USAGE, completion_tokens_details: { reasoning_tokens: 1 } },
    },
    completion: {
      ...HEAD,
      object: 'text_completion',
      choices: [{ index: 0, text: 't', logprobs: null, finish_reason: 'stop' }],
      usage: USAGE,
    },
    completion_chunk: {
      ...HEAD,
      object: 'text_completion',
      choices: [{ index: 0, text: 't', logprobs: null, finish_reason: null }],
    },
    embedding: {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
      model: 'm',
      usage: { prompt_tokens: 1, total_tokens: 1 },
    },
    list_models: { object: 'list', data: [{ id: 'm', object: 'model', created: 1, owned_by: 'o' }] },
    error: { error: { message: 'm', type: 't', param: null, code: null } },
    stream: [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'c' }),
      chunk({ tool_calls: [{ index: 0, ...CALL, function: { name: 'f', arguments: '' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }),
      chunk({}, 'tool_calls'),
      { ...HEAD, object: 'chat.completion.chunk', choices: [], usage: USAGE },
    ],
  });

const choice = (answers) => answers.chat.choices[0];

// Each is to be found in what it changes.
const WRONG = {
  'a reason misspelt': (a) => (choice(a).finish_reason = 'stopp'),
  'no reason': (a) => delete choice(a).finish_reason,
  'a reason without a word': (a) => (choice(a).finish_reason = null),
  'a reason of Anthropic': (a) => (choice(a).finish_reason = 'end_turn'),
  'a time as text': (a) => (a.chat.created = '1'),
  'a time that is not whole': (a) => (a.chat.created = 1.5),
  'no id': (a) => delete a.chat.id,
  'a piece without a name': (a) => (a.stream[1].id = ''),
  'another object': (a) => (a.chat.object = 'chat.completion.chunk'),
  'content of a number': (a) => (choice(a).message.content = 1),
  'content of parts': (a) => (choice(a).message.content = [{ type: 'text', text: 't' }]),
  'no refusal': (a) => delete choice(a).message.refusal,
  'an unknown role': (a) => (choice(a).message.role = 'model'),
  'a call whose arguments are no text': (a) => (choice(a).message.tool_calls[0].function.arguments = {}),
  'a call without its id': (a) => delete choice(a).message.tool_calls[0].id,
  'a call without its type': (a) => delete choice(a).message.tool_calls[0].type,
  'a member misspelt': (a) => (choice(a).message.tool_call = []),
  'a member misspelt at the top': (a) => (a.chat.service_teir = 'default'),
  'a member of another provider': (a) => (a.chat.metrics = { latencyMs: 1 }),
  'a member of its own, of another type': (a) => (choice(a).message.reasoning_content = ['r']),
  'a count misspelt': (a) => (a.chat.usage.completion_tokens_details.reasoning_token = 1),
  'half a count': (a) => (a.chat.usage.prompt_tokens = 0.5),
  'no total': (a) => delete a.chat.usage.total_tokens,
  'an unknown tier': (a) => (a.chat.service_tier = 'standard'),
  'a probability without its bytes': (a) => delete choice(a).logprobs.content[0].bytes,
  'no choices': (a) => delete a.chat.choices,
  'a text without its reason': (a) => (a.completion.choices[0].finish_reason = null),
  'a text that has called': (a) => (a.completion.choices[0].finish_reason = 'tool_calls'),
  'a text of a chat': (a) => (a.completion.object = 'chat.completion'),
  'no text': (a) => delete a.completion_chunk.choices[0].text,
  'a vector of text': (a) => (a.embedding.data[0].embedding = ['0.5']),
  'a vector without its place': (a) => delete a.embedding.data[0].index,
  'vectors that cost nothing': (a) => delete a.embedding.usage,
  'a model by another name': (a) => (a.list_models.data[0] = { name: 'm', object: 'model', created: 1, owned_by: 'o' }),
  'a model without its owner': (a) => delete a.list_models.data[0].owned_by,
  'a model whose time is a date': (a) => (a.list_models.data[0].created = '2024-01-01'),
  'an error without its type': (a) => delete a.error.error.type,
  'an error whose code is a number': (a) => (a.error.error.code = 500),
  'an error by itself': (a) => (a.error = 'm'),
  'a piece misspelt': (a) => (a.stream[1].choices[0].finish_reason = 'stopp'),
  'a piece without its reason': (a) => delete a.stream[1].choices[0].finish_reason,
  'a piece of a whole answer': (a) => (a.stream[1].choices[0].message = { role: 'assistant', content: 'c' }),
  'a piece whose content is a number': (a) => (a.stream[1].choices[0].delta.content = 1),
  'a call without its index': (a) => delete a.stream[3].choices[0].delta.tool_calls[0].index,
  'an index as text': (a) => (a.stream[3].choices[0].delta.tool_calls[0].index = '0'),
};

// By the types each chunk is one.
const WRONG_STREAMS = {
  'another id': (chunks) => (chunks[1].id = 'j'),
  'another time': (chunks) => (chunks[1].created = 2),
  'no role': (chunks) => delete chunks[0].choices[0].delta.role,
  'no end': (chunks) => chunks.splice(4, 1),
  'two ends': (chunks) => chunks.push(structuredClone(chunks[4])),
  'a call without its id': (chunks) => delete chunks[2].choices[0].delta.tool_calls[0].id,
  'a call without its type': (chunks) => delete chunks[2].choices[0].delta.tool_calls[0].type,
  'a call without its name': (chunks) => delete chunks[2].choices[0].delta.tool_calls[0].function.name,
};

function answerOf({ stream, ...answers }) {
  const pieces = stream.map((piece) => ['chunk', piece]);
  return { provider: 'anthropic', bodies: [...Object.entries(answers), ...pieces], chunks: stream };
}

export async function selfTest(examine) {
  const found = await examine(answerOf(good()));
  if (found.length > 0) throw new Error(`good answers do not pass: ${found.join('; ')}`);
  for (const [name, spoil] of Object.entries(WRONG)) {
    const answers = good();
    spoil(answers);
    // It is a type that says so, whatever rules there are of streams.
    if ((await examine({ ...answerOf(answers), chunks: undefined })).length === 0) throw new Error(`passes: ${name}`);
  }
  for (const [name, spoil] of Object.entries(WRONG_STREAMS)) {
    const answers = good();
    spoil(answers.stream);
    const answer = answerOf(answers);
    if ((await examine({ ...answer, chunks: undefined })).length > 0) throw new Error(`no chunk by the types: ${name}`);
    if ((await examine(answer)).length === 0) throw new Error(`passes: a stream with ${name}`);
  }
}
