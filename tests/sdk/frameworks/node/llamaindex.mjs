// Drives LlamaIndex.

import { OpenAI, OpenAIEmbedding } from '@llamaindex/openai';
import { tool } from '@llamaindex/core/tools';
import { z } from 'zod';
import { collect, serve, toldByPackage } from './driver.mjs';

const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi' }];

const llm = ({ url, key, model, headers, timeout_ms, retries = 0 }) => new OpenAI({
  baseURL: `${url}/v1`, apiKey: key, model, maxTokens: 64, maxRetries: retries, timeout: timeout_ms,
  additionalSessionOptions: { defaultHeaders: headers },
});

const weather = tool({
  name: 'weather', description: 'Tells the weather.', parameters: z.object({ city: z.string() }), execute: () => 'sunny',
});

await serve({
  chat: async (request) => {
    const { message, raw } = await llm(request).chat({ messages });
    return { text: message.content, usage: [raw.usage.prompt_tokens, raw.usage.completion_tokens] };
  },
  stream: async (request) => collect(await llm(request).chat({ messages, stream: true }), (chunk) => chunk.delta),
  tools: async (request) => {
    const asking = await llm(request).chat({ messages, tools: [weather] });
    const [call] = asking.message.options.toolCall;
    const args = JSON.parse(call.input);
    const sunny = await weather.call(args);
    const toolResult = { id: call.id, result: sunny, isError: false };
    const result = { role: 'user', content: sunny, options: { toolResult } };
    const told = await llm(request).chat({ messages: [...messages, asking.message, result], tools: [weather] });
    return { call: args, text: told.message.content };
  },
  structured: async (request) => {
    const { message } = await llm(request).chat({ messages, responseFormat: z.strictObject({ city: z.string() }) });
    return { value: JSON.parse(message.content) };
  },
  embed: async ({ url, key, model }) => {
    const embeddings = new OpenAIEmbedding({ baseURL: `${url}/v1`, apiKey: key, model });
    return { vectors: await embeddings.getTextEmbeddings(['one', 'two']) };
  },
}, toldByPackage);
