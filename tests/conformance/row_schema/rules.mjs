// What the providers refuse beyond their types. Each rule tells whether a request breaks it.

const NINE = /^[A-Za-z0-9]{9}$/;

const MISTRAL = {
  // As its API says it: "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9."
  'ids of calls: nine letters or digits': (r) =>
    r.messages.some(
      (m) => (m.tool_calls ?? []).some(({ id }) => id !== undefined && !NINE.test(id)) || (m.tool_call_id != null && !NINE.test(m.tool_call_id)),
    ),
  'a result follows its call': (r) => {
    const called = new Set();
    return r.messages.some((m) => {
      for (const { id } of m.tool_calls ?? []) called.add(id);
      return m.role === 'tool' && m.tool_call_id != null && !called.has(m.tool_call_id);
    });
  },
};

const RULES = { 'mistral-ai chat': MISTRAL };

// The names of the rules that `{"PROVIDER OPERATION": REQUEST}` breaks; it is one by the types.
export function brokenRules(line) {
  const [[name, request]] = Object.entries(line);
  const rules = RULES[name] ?? {};
  return Object.keys(rules).filter((rule) => rules[rule](request));
}
