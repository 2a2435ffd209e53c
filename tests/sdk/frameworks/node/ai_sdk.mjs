// Drives Vercel's AI SDK, with the provider package that the request names.

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, Output, RetryError, embedMany, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { collect, serve } from './driver.mjs';

const packages = {
  compatible: (options) => createOpenAICompatible({ name: 'portolan', supportsStructuredOutputs: true, ...options }),
  openai: (options) => createOpenAI(options),
  anthropic: (options) => createAnthropic(options),
};
const provider = ({ package: name, url, key, headers }) =>
  packages[name]({ baseURL: `${url}/v1`, apiKey: key, headers });

// The responses of OpenAI, which its own provider has for every model, only some providers have.
const modelOf = (request) =>
  (request.package === 'openai' ? provider(request).chat : provider(request))(request.model);

const call = (request) => ({
  model: modelOf(request),
  system: 'Be brief.',
  prompt: 'Hi',
  maxOutputTokens: 64,
  maxRetries: request.retries ?? 0,
  abortSignal: request.timeout_ms ? AbortSignal.timeout(request.timeout_ms) : undefined,
});

await serve({
  chat: async (request) => {
    const { text, usage } = await generateText(call(request));
    return { text, usage: [usage.inputTokens, usage.outputTokens] };
  },
  stream: async (request) => collect(streamText(call(request)).textStream, (text) => text),
  tools: async (request) => {
    let asked;
    const weather = tool({
      description: 'Tells the weather.',
      inputSchema: z.object({ city: z.string() }),
      execute: (input) => { asked = input; return 'sunny'; },
    });
    const { text } = await generateText({ ...call(request), tools: { weather }, stopWhen: stepCountIs(2) });
    return { call: asked, text };
  },
  structured: async (request) => {
    const { output } = await generateText({
      ...call(request),
      output: Output.object({ schema: z.object({ city: z.string() }) }),
      // By itself it asks only models that it knows for a schema, and others for a call of a tool.
      providerOptions: { anthropic: { structuredOutputMode: 'outputFormat' } },
    });
    return { value: output };
  },
  embed: async (request) => {
    const { embeddings } = await embedMany({
      model: provider(request).embeddingModel(request.model), values: ['one', 'two'],
    });
    return { vectors: embeddings };
  },
}, (error) => {
  if (RetryError.isInstance(error)) error = error.lastError;
  if (error.name === 'TimeoutError') return { message: error.message, timeout: true };
  if (!APICallError.isInstance(error)) return undefined;
  const { message, statusCode: status, data } = error;
  return { message, status, type: data?.error.type, code: data?.error.code };
});
