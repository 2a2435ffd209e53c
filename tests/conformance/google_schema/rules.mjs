// What the Gemini API refuses beyond its types, as its documentation and error messages put it. Each rule gives what is
// wrong, or nothing.

const RULES = {
  'contents is not specified': (r) => r.contents.length === 0,
  'valid role: user, model': (r) => r.contents.some(({ role }) => role !== 'user' && role !== 'model'),
  'contents.parts must not be empty': (r) => r.contents.some(({ parts }) => !parts?.length),
  'a part must have one initialized field': (r) => parts(r).some((part) => DATA.filter((d) => d in part).length !== 1),
  'function call args and responses are objects': (r) =>
    parts(r).some((part) => !isObject(part.functionCall?.args ?? {}) || !isObject(part.functionResponse?.response ?? {})),
  'function responses come in the turn after the calls, all together': (r) => {
    let open = false;
    return r.contents.some(({ role, parts: all }) => {
      const results = all.some((part) => part.functionResponse);
      if (role === 'model') open = true;
      if (results && !open) return true;
      if (results) open = false;
      return false;
    });
  },
  'stop_sequences: at most 5': (r) => (r.generationConfig?.stopSequences ?? []).length > 5,
  'thinking_budget and thinking_level exclude each other': (r) => {
    const thinking = r.generationConfig?.thinkingConfig ?? {};
    return 'thinkingBudget' in thinking && 'thinkingLevel' in thinking;
  },
  'response_mime_type is required for a schema': (r) =>
    'responseJsonSchema' in (r.generationConfig ?? {}) && !r.generationConfig.responseMimeType,
  'allowed_function_names need mode ANY': (r) => {
    const config = r.toolConfig?.functionCallingConfig ?? {};
    return 'allowedFunctionNames' in config && config.mode !== 'ANY' && config.mode !== 'VALIDATED';
  },
};

const DATA = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse', 'executableCode', 'codeExecutionResult',
  'toolCall', 'toolResponse'];
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const parts = (r) => [...r.contents, r.systemInstruction ?? {}].flatMap((content) => content.parts ?? []);

// The names of the rules that a request breaks; it is one by the types.
export function brokenRules(request) {
  return Object.keys(RULES).filter((name) => RULES[name](request));
}
