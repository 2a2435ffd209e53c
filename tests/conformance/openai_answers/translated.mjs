// Whose answers are looked at: those that are said again in OpenAI's words. Those of providers who speak OpenAI's dialect
// are passed on as they came, whatever they say.

const CHAT = ['chat', 'chunk', 'stream'];

// By provider, what at least must have been answered.
const TRANSLATED = {
  anthropic: [...CHAT, 'list_models', 'get_model'],
  bedrock: [...CHAT, 'embedding', 'error'],
  cohere: [...CHAT, 'embedding', 'list_models', 'error'],
  google: [...CHAT, 'embedding', 'list_models', 'error'],
  huggingface: ['embedding'],
  minimax: CHAT,
  'mistral-ai': [...CHAT, 'completion'],
  ollama: CHAT,
  palm: ['chat', 'chunk', 'completion', 'completion_chunk', 'embedding', 'error'],
  'perplexity-ai': ['embedding'],
  'vertex-ai': [...CHAT, 'embedding', 'error'],
  watsonx: [...CHAT, 'embedding', 'list_models', 'error'],
};

// Tests whose providers say what no real one does, or whose answers are not translated: and why.
export const LEFT_OUT = {
  'Response.MembersOfAnotherShapeDoNotFail': 'keeps what has the wrong type under its name',
  'StreamTest.AMemberOfTwoEventsIsToldOnce': 'has members that are made up',
  'StreamTest.ManyMembersOfTwoEventsAreToldOnceEach': 'has members that are made up',
};

export const isTranslated = ({ by, provider }) => provider in TRANSLATED && !(by in LEFT_OUT);

// What of it is not among `kinds`, `PROVIDER KIND` each.
export const missing = (kinds) =>
  Object.entries(TRANSLATED)
    .flatMap(([provider, all]) => all.map((kind) => `${provider} ${kind}`))
    .filter((kind) => !kinds.has(kind));
