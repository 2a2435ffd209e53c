// What Anthropic's API refuses beyond its types, as its error messages put it. Each rule gives what is wrong, or nothing.

const RULES = {
  'at least one message is required': (r) => r.messages.length === 0,
  'text content blocks must contain non-whitespace text': (r) => texts(r).some((text) => text.trim() === ''),
  'final assistant content cannot end with trailing whitespace': (r) => {
    const last = r.messages.at(-1);
    const block = last?.role === 'assistant' ? blocks(last.content).at(-1) : undefined;
    return block?.type === 'text' && block.text !== block.text.trimEnd();
  },
  'tool_use ids must match ^[a-zA-Z0-9_-]+$': (r) => calls(r).some(({ id }) => !/^[a-zA-Z0-9_-]+$/.test(id)),
  'tool_use ids must be unique': (r) => new Set(calls(r).map(({ id }) => id)).size !== calls(r).length,
  'stop_sequences: each must contain non-whitespace': (r) => (r.stop_sequences ?? []).some((s) => s.trim() === ''),
  'input_schema.type: Input should be "object"': (r) => schemas(r).some((s) => s.type !== 'object'),
  'input_schema does not support oneOf, allOf, or anyOf at the top level': (r) =>
    schemas(r).some((s) => 'oneOf' in s || 'allOf' in s || 'anyOf' in s),
};

const blocks = (content) => (typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []));
const calls = (r) => r.messages.flatMap((m) => blocks(m.content)).filter((block) => block.type === 'tool_use');
const schemas = (r) => (r.tools ?? []).map((tool) => tool.input_schema).filter((schema) => schema !== undefined);

function texts(r) {
  const all = [...blocks(r.system), ...r.messages.flatMap((m) => blocks(m.content))];
  const results = all.filter((block) => block.type === 'tool_result');
  return [...all, ...results.flatMap((result) => blocks(result.content))]
    .filter((block) => block.type === 'text')
    .map((block) => block.text);
}

// The names of the rules that a request breaks; it is one by the types.
export function brokenRules(request) {
  return Object.keys(RULES).filter((name) => RULES[name](request));
}
