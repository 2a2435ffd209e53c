// Whose answers are looked at: those that are said again in OpenAI's words. What providers of OpenAI's own dialect say is
// passed on as it came, whatever it is.

const CHAT = ['chat', 'chunk', 'stream'];
const TEXT = ['completion', 'completion_chunk'];

// By provider: the kinds of answers that are translated. All must have been given, but for those that are `recorded` alone,
// which not every machine has. `by`: the tests where they are, if the provider is spoken to in OpenAI's dialect too.
const TRANSLATED = {
  anthropic: { kinds: [...CHAT, ...TEXT, 'list_models', 'get_model', 'error'] },
  bedrock: { kinds: [...CHAT, 'embedding', 'error'] },
  cohere: { kinds: [...CHAT, ...TEXT, 'embedding', 'list_models', 'error'] },
  google: { kinds: [...CHAT, ...TEXT, 'embedding', 'list_models', 'error'] },
  huggingface: { kinds: ['embedding'], by: /^HuggingFace\./ },
  minimax: { kinds: [...CHAT, 'error'], by: /^MiniMax/ },
  'mistral-ai': { kinds: CHAT, by: /^(Mistral\.|RowReplays\.)/ },
  ollama: { kinds: CHAT, recorded: ['chunk', 'stream'], by: /^(OllamaRecordings|OwnApi\.OllamaIsAskedInItsOwnApi)/ },
  palm: { kinds: ['chat', 'chunk', ...TEXT, 'embedding', 'error'] },
  'perplexity-ai': { kinds: ['embedding'], by: /^Embeddings\./ },
  'vertex-ai': { kinds: [...CHAT, 'embedding', 'error'], recorded: ['embedding'] },
  watsonx: { kinds: [...CHAT, 'completion', 'list_models', 'error'] },
};

// Tests whose providers say what no real one does, or whose answers are not translated: and why.
const LEFT_OUT = {
  'Mistral.AnAnswerThatIsATextStaysAsItIs': 'holds a picture among its content, which stays as it came',
  'Response.MembersTheHubDoesNotKnowAreKept': 'has members that are made up',
  'Response.MembersOfAnotherShapeDoNotFail': 'keeps what has the wrong type under its name',
  'StreamTest.EndsAtItsEndWhereTheMetadataAreMissing': 'ends without its usage, which the package leaves at null',
  'StreamTest.AMemberOfTwoEventsIsToldOnce': 'has members that are made up',
  'StreamTest.ManyMembersOfTwoEventsAreToldOnceEach': 'has members that are made up',
  'Vertex.JambaIsRelayedToItsPublishersPlace': 'is of a model that speaks OpenAI\'s dialect',
  'Vertex.OpenModelsAreRelayed': 'is of models that speak OpenAI\'s dialect',
};

// What of an answer is to be looked at; undefined: nothing.
export function translated({ by, provider, bodies, chunks }) {
  const rule = TRANSLATED[provider];
  if (!rule || by in LEFT_OUT || (rule.by && !rule.by.test(by))) return undefined;
  const ours = bodies.filter(([kind]) => rule.kinds.includes(kind));
  const whole = rule.kinds.includes('stream') ? chunks : undefined;
  return ours.length > 0 || whole ? { by, provider, bodies: ours, chunks: whole } : undefined;
}

// What of it is not among `kinds`, `PROVIDER KIND` each.
export const missing = (kinds) =>
  Object.entries(TRANSLATED)
    .flatMap(([provider, { kinds: all, recorded = [] }]) =>
      all.filter((kind) => !recorded.includes(kind)).map((kind) => `${provider} ${kind}`),
    )
    .filter((kind) => !kinds.has(kind));
