// What Cohere refuses beyond its types, as the comments of the types and its error messages put it. Each rule tells
// whether a request breaks it.

const CHAT = {
  'messages: at least one': (r) => r.messages.length === 0,
  'a message says something, or calls': (r) =>
    r.messages.some((m) => m.role !== 'tool' && (m.content ?? []).length === 0 && !m.tool_calls?.length),
  'text: not empty': (r) => r.messages.some((m) => parts(m).some((part) => part.type === 'text' && part.text === '')),
  'a result follows its call': (r) => {
    const called = new Set();
    return r.messages.some((m) => {
      for (const { id } of m.tool_calls ?? []) called.add(id);
      return m.role === 'tool' && !called.has(m.tool_call_id);
    });
  },
  'nothing stands between a call and its results': (r) =>
    r.messages.some((m, i) => {
      const { role } = r.messages[i - 1] ?? {};
      return m.role === 'tool' && role !== 'tool' && role !== 'assistant';
    }),
  'ids of calls: another one each': (r) => {
    const ids = r.messages.flatMap((m) => (m.tool_calls ?? []).map(({ id }) => id));
    return ids.some((id) => id === '') || new Set(ids).size !== ids.length;
  },
  'arguments: an object': (r) =>
    r.messages.some((m) => (m.tool_calls ?? []).some((call) => !isObject(parsed(call.function.arguments)))),
  'images: by URL': (r) =>
    r.messages.some((m) => parts(m).some((part) => part.image_url && !/^(https?:|data:image\/)/.test(part.image_url.url))),
  'stop_sequences: at most 5': (r) => (r.stop_sequences ?? []).length > 5,
  'temperature: 0 or more': (r) => outside(r.temperature, 0, Infinity),
  'penalties: 0 to 1': (r) => outside(r.frequency_penalty, 0, 1) || outside(r.presence_penalty, 0, 1),
  'k: 0 to 500': (r) => outside(r.k, 0, 500),
  'p: 0.01 to 0.99': (r) => outside(r.p, 0.01, 0.99),
  'tool_choice: needs tools': (r) => r.tool_choice !== undefined && !r.tools?.length,
  'tools: not empty': (r) => r.tools?.length === 0,
};

const EMBEDDING = {
  'something to embed': (r) => !r.texts?.length && !r.images?.length && !r.inputs?.length,
  'texts: at most 96': (r) => (r.texts ?? []).length > 96,
};

const RERANK = {
  'documents: at least one': (r) => r.documents.length === 0,
};

const RULES = { chat: CHAT, embedding: EMBEDDING, rerank: RERANK };

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const outside = (value, low, high) => value !== undefined && (value < low || value > high);
const parts = (m) => (Array.isArray(m.content) ? m.content : []);
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// The names of the rules that `{OPERATION: REQUEST}` breaks; it is one by the types.
export function brokenRules(line) {
  const [[operation, request]] = Object.entries(line);
  return Object.keys(RULES[operation]).filter((name) => RULES[operation][name](request));
}
