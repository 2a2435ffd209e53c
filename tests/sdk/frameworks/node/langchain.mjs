// Drives LangChain, with the package of the vendor that the request names.

import { ChatAnthropic } from '@langchain/anthropic';
import { HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';
import { collect, serve, toldByPackage } from './driver.mjs';

const messages = [new SystemMessage('Be brief.'), new HumanMessage('Hi')];

const packages = {
  openai: ({ url, key, model, headers, timeout_ms, retries = 0 }) => new ChatOpenAI({
    configuration: { baseURL: `${url}/v1`, defaultHeaders: headers },
    apiKey: key, model, maxTokens: 64, timeout: timeout_ms, maxRetries: retries,
  }),
  anthropic: ({ url, key, model, headers, timeout_ms, retries = 0 }) => new ChatAnthropic({
    anthropicApiUrl: url, apiKey: key, model, maxTokens: 64, maxRetries: retries,
    clientOptions: { defaultHeaders: headers, timeout: timeout_ms },
  }),
};
const model = (request) => packages[request.package](request);

const weather = tool(() => 'sunny', {
  name: 'weather', description: 'Tells the weather.', schema: z.object({ city: z.string() }),
});

await serve({
  chat: async (request) => {
    const { text, usage_metadata: usage } = await model(request).invoke(messages);
    return { text, usage: [usage.input_tokens, usage.output_tokens] };
  },
  stream: async (request) => collect(await model(request).stream(messages), (chunk) => chunk.text),
  tools: async (request) => {
    const able = model(request).bindTools([weather]);
    const asking = await able.invoke(messages);
    const [call] = asking.tool_calls;
    const result = new ToolMessage({ content: await weather.invoke(call.args), tool_call_id: call.id });
    return { call: call.args, text: (await able.invoke([...messages, asking, result])).text };
  },
  structured: async (request) => {
    const asked = model(request).withStructuredOutput(z.strictObject({ city: z.string() }), { method: 'jsonSchema' });
    return { value: await asked.invoke(messages) };
  },
  embed: async ({ url, key, model: name }) => {
    const embeddings = new OpenAIEmbeddings({ configuration: { baseURL: `${url}/v1` }, apiKey: key, model: name });
    return { vectors: await embeddings.embedDocuments(['one', 'two']) };
  },
}, toldByPackage);
