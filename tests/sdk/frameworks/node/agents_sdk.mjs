// Drives OpenAI's Agents SDK, with chat completions, which every provider has.

import { Agent, OpenAIChatCompletionsModel, run, setTracingDisabled, tool } from '@openai/agents';
import OpenAI from 'openai';
import { z } from 'zod';
import { collect, serve, toldByPackage } from './driver.mjs';

setTracingDisabled(true);

function agent({ url, key, model, headers, timeout_ms, retries = 0 }, more = {}) {
  const client = new OpenAI({
    baseURL: `${url}/v1`, apiKey: key, defaultHeaders: headers, timeout: timeout_ms, maxRetries: retries,
  });
  return new Agent({
    name: 'Assistant',
    instructions: 'Be brief.',
    model: new OpenAIChatCompletionsModel(client, model),
    modelSettings: { maxTokens: 64 },
    ...more,
  });
}

await serve({
  chat: async (request) => {
    const { finalOutput: text, rawResponses: [{ usage }] } = await run(agent(request), 'Hi');
    return { text, usage: [usage.inputTokens, usage.outputTokens] };
  },
  stream: async (request) => collect(
    (await run(agent(request), 'Hi', { stream: true })).toTextStream(), (text) => text),
  tools: async (request) => {
    let asked;
    const weather = tool({
      name: 'weather',
      description: 'Tells the weather.',
      parameters: z.object({ city: z.string() }),
      execute: (input) => { asked = input; return 'sunny'; },
    });
    const { finalOutput: text } = await run(agent(request, { tools: [weather] }), 'Hi');
    return { call: asked, text };
  },
  structured: async (request) => {
    const { finalOutput: value } = await run(agent(request, { outputType: z.object({ city: z.string() }) }), 'Hi');
    return { value };
  },
}, toldByPackage);
