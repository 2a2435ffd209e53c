// What Converse refuses beyond its types: the constraints of botocore's description of bedrock-runtime, the notes of the
// API's reference, and what its error messages say. Each rule tells whether a request breaks it.

const RULES = {
  'messages: at least one': (r) => (r.messages ?? []).length === 0,
  'Message.content: not empty': (r) => r.messages.some((m) => m.content.length === 0),
  'roles alternate': (r) => r.messages.some((m, i) => i > 0 && m.role === r.messages[i - 1].role),
  'ContentBlock.text: not blank': (r) => texts(r).some((text) => text.trim() === ''),
  'the end of a beginning has no white space': (r) => {
    const last = r.messages.at(-1);
    const text = last?.role === 'assistant' ? last.content.at(-1)?.text : undefined;
    return text !== undefined && text !== text.trimEnd();
  },
  'a document has a text beside it': (r) =>
    r.messages.some((m) => m.content.some((b) => 'document' in b) && !m.content.some((b) => 'text' in b)),
  'images and documents are a user\'s': (r) =>
    r.messages.some((m) => m.role !== 'user' && m.content.some((b) => 'image' in b || 'document' in b || 'video' in b)),
  'DocumentBlock.name': (r) => documents(r).some(({ name }) => !/^(?!.*\s\s)[A-Za-z0-9\s\-()[\]]{1,200}$/.test(name)),
  'DocumentBlock.name: another one each': (r) => twice(documents(r).map(({ name }) => name)),
  'ToolUseId': (r) => uses(r).some(({ toolUseId }) => !/^[a-zA-Z0-9_.:-]{1,64}$/.test(toolUseId)),
  'ToolUseId: another one each': (r) => twice(uses(r).map(({ toolUseId }) => toolUseId)),
  'ToolName': (r) => specs(r).some(({ name }) => !/^[a-zA-Z0-9_-]{1,64}$/.test(name)),
  'ToolUseBlock.input: an object': (r) => uses(r).some(({ input }) => !isObject(input)),
  'results come before what else the user says': (r) =>
    r.messages.some((m) => {
      const last = m.content.findLastIndex((b) => 'toolResult' in b);
      return m.role === 'user' && m.content.slice(0, Math.max(last, 0)).some((b) => !('toolResult' in b || 'cachePoint' in b));
    }),
  'toolConfig: once the history holds tools': (r) =>
    r.toolConfig === undefined && blocks(r).some((b) => 'toolUse' in b || 'toolResult' in b),
  'ToolConfiguration.tools: at least one': (r) => r.toolConfig !== undefined && r.toolConfig.tools.length === 0,
  'ToolSpecification.description: not empty': (r) => specs(r).some(({ description }) => description === ''),
  'ToolInputSchema: an object\'s': (r) => specs(r).some(({ inputSchema }) => inputSchema.json?.type !== 'object'),
  'InferenceConfiguration: 0 to 1': (r) =>
    ['temperature', 'topP'].some((name) => outside(r.inferenceConfig?.[name], 0, 1)),
  'InferenceConfiguration.maxTokens: 1 or more': (r) => outside(r.inferenceConfig?.maxTokens, 1, Infinity),
  'stopSequences: not blank': (r) => (r.inferenceConfig?.stopSequences ?? []).some((s) => s.trim() === ''),
  'requestMetadata': (r) =>
    Object.keys(r.requestMetadata ?? {}).length > 16 ||
    Object.entries(r.requestMetadata ?? {}).some(
      ([key, value]) =>
        !/^[a-zA-Z0-9\s:_@$#=/+,\-.]{1,256}$/.test(key) || !/^[a-zA-Z0-9\s:_@$#=/+,\-.]{0,256}$/.test(value),
    ),
  'a choice of a tool is there once': (r) =>
    r.toolConfig?.toolChoice !== undefined && r.additionalModelRequestFields?.tool_choice !== undefined,
};

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const outside = (value, low, high) => value !== undefined && (value < low || value > high);
const twice = (list) => new Set(list).size !== list.length;
const blocks = (r) => r.messages.flatMap((m) => m.content);
const results = (r) => blocks(r).flatMap((block) => block.toolResult?.content ?? []);
const documents = (r) => [...blocks(r), ...results(r)].flatMap(({ document }) => document ?? []);
const uses = (r) => blocks(r).flatMap(({ toolUse }) => toolUse ?? []);
const specs = (r) => (r.toolConfig?.tools ?? []).flatMap(({ toolSpec }) => toolSpec ?? []);
const texts = (r) => [...(r.system ?? []), ...blocks(r), ...results(r)].flatMap(({ text }) => text ?? []);

// The names of the rules that a request breaks; it is one by the types.
export function brokenRules(request) {
  return Object.keys(RULES).filter((name) => RULES[name](request));
}
