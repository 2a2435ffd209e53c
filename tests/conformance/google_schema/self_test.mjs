// Shows that the schema bites: requests that are wrong in one place each must not pass.

const call = { functionCall: { name: 'f', args: {} } };
const result = { functionResponse: { name: 'f', response: {} } };
const GOOD = {
  contents: [
    { role: 'user', parts: [{ text: 'hi' }] },
    { role: 'model', parts: [{ ...call, thoughtSignature: 'c2ln' }] },
    { role: 'user', parts: [result] },
  ],
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] }, { googleSearch: {} }],
  toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
  generationConfig: { temperature: 1, thinkingConfig: { thinkingLevel: 'LOW' }, responseMimeType: 'application/json' },
};

const WRONG = {
  'no contents': (r) => delete r.contents,
  'contents in words': (r) => (r.contents[0].parts = 'hi'),
  'a member of OpenAI': (r) => (r.max_tokens = 1),
  'a member of OpenAI in a part': (r) => (r.contents[0].parts[0].type = 'text'),
  'an unknown member of the configuration': (r) => (r.generationConfig.maxTokens = 1),
  'a limit in words': (r) => (r.generationConfig.maxOutputTokens = 'ten'),
  'an unknown level': (r) => (r.generationConfig.thinkingConfig.thinkingLevel = 'HUGE'),
  'an unknown mode': (r) => (r.toolConfig.functionCallingConfig.mode = 'REQUIRED'),
  'a function of OpenAI': (r) => (r.tools[0] = { type: 'function', function: { name: 'f' } }),
  'a stop in words': (r) => (r.generationConfig.stopSequences = 'END'),
  'an unknown modality': (r) => (r.generationConfig.responseModalities = ['text']),
  'an unknown tier': (r) => (r.serviceTier = 'default'),
  'arguments as text': (r) => (r.contents[1].parts[0].functionCall.args = '{}'),
};

// By the types they are requests.
const AGAINST_THE_RULES = {
  'no contents': (r) => (r.contents = []),
  'an unknown role': (r) => r.contents.push({ role: 'assistant', parts: [{ text: 'a' }] }),
  'no parts': (r) => r.contents.push({ role: 'model', parts: [] }),
  'an empty part': (r) => r.contents[0].parts.push({}),
  'two in one part': (r) => (r.contents[0].parts[0].inlineData = { mimeType: 'image/png', data: '' }),
  'results apart': (r) => r.contents.push({ role: 'user', parts: [result] }),
  'six stops': (r) => (r.generationConfig.stopSequences = ['1', '2', '3', '4', '5', '6']),
  'level and budget': (r) => (r.generationConfig.thinkingConfig.thinkingBudget = 1),
  'a schema without its type': (r) => (r.generationConfig = { responseJsonSchema: {} }),
  'names without must': (r) => (r.toolConfig.functionCallingConfig.mode = 'AUTO'),
};

export function selfTest(isRequest, broken) {
  if (!isRequest(structuredClone(GOOD))) throw new Error('the schema refuses a good request');
  if (broken(structuredClone(GOOD)).length > 0) throw new Error('the rules refuse a good request');
  for (const [name, spoil] of Object.entries(AGAINST_THE_RULES)) {
    const request = structuredClone(GOOD);
    spoil(request);
    if (!isRequest(request)) throw new Error(`the schema refuses ${name}`);
    if (broken(request).length !== 1) throw new Error(`${name} breaks ${broken(request).length} rules`);
  }
  for (const [name, spoil] of Object.entries(WRONG)) {
    const request = structuredClone(GOOD);
    spoil(request);
    if (isRequest(request)) throw new Error(`the schema lets pass ${name}`);
  }
}
