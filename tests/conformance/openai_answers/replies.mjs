// A line of the log (tests/support/answer_log.h) as `{by, provider, bodies: [[KIND, BODY]…], chunks}`; `chunks` are those of
// a chat's stream that has come to its good end. undefined: no answer of OpenAI's API.

const OPERATIONS = {
  '/v1/chat/completions': ['chat', 'chunk'],
  '/v1/completions': ['completion', 'completion_chunk'],
  '/v1/embeddings': ['embedding'],
  '/v1/models': ['list_models'],
};
const KINDS = ['chat', 'chunk', 'completion', 'embedding', 'list_models', 'get_model'];

// The data of a stream's events, which end with `[DONE]` if all is well.
const eventsOf = (text) =>
  text
    .split(/\r?\n\r?\n/)
    .map((event) => event.split(/\r?\n/).filter((line) => line.startsWith('data:')))
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.slice(5).trim()).join('\n'));

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;  // no JSON, which the schema will say
  }
}

function readReply({ by, provider, path, status, body }) {
  const [plain] = path.split('?');
  const operation = OPERATIONS[plain] ?? (plain.startsWith('/v1/models/') ? ['get_model'] : undefined);
  if (!operation || status === 204) return undefined;
  if (status >= 400) return { by, provider, bodies: [['error', parsed(body)]] };
  const [whole, piece] = operation;
  if (!/^(data|event|:)/.test(body)) return { by, provider, bodies: [[whole, parsed(body)]] };
  const events = eventsOf(body);
  const done = events.at(-1) === '[DONE]';
  const values = (done ? events.slice(0, -1) : events).map(parsed);
  const bodies = values.map((value) => [value?.error ? 'error' : piece, value]);
  const good = done && piece === 'chunk' && bodies.every(([kind]) => kind === 'chunk');
  return { by, provider, bodies, chunks: good ? values : undefined };
}

export function readLine(line) {
  if (line.path) return readReply(line);
  const { by, provider, stream } = line;
  if (stream) return { by, provider, bodies: [], chunks: stream };
  const bodies = KINDS.filter((kind) => kind in line).map((kind) => [kind, line[kind]]);
  return bodies.length > 0 ? { by, provider, bodies } : undefined;
}
