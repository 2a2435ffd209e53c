// Drives Anthropic's SDK.

import Anthropic from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { z } from 'zod';
import { serve, toldByPackage } from './driver.mjs';

const messages = [{ role: 'user', content: 'Hi' }];
const input_schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const weather = { name: 'weather', description: 'Tells the weather.', input_schema };

const client = ({ url, key, headers, timeout_ms, retries = 0 }) => new Anthropic({
  baseURL: url, apiKey: key, defaultHeaders: headers, timeout: timeout_ms, maxRetries: retries,
});
const wish = ({ model }) => ({ model, max_tokens: 64, system: 'Be brief.', messages });

await serve({
  chat: async (request) => {
    const { content: [{ text }], usage } = await client(request).messages.create(wish(request));
    return { text, usage: [usage.input_tokens, usage.output_tokens] };
  },
  stream: async (request) => {
    const pieces = [];
    const events = client(request).messages.stream(wish(request));
    events.on('text', (text) => pieces.push(text));
    await events.done();
    return { pieces };
  },
  tools: async (request) => {
    const able = { ...wish(request), tools: [weather] };
    const { content } = await client(request).messages.create(able);
    const call = content.find(({ type }) => type === 'tool_use');
    const result = { type: 'tool_result', tool_use_id: call.id, content: 'sunny' };
    const turns = [{ role: 'assistant', content }, { role: 'user', content: [result] }];
    const told = await client(request).messages.create({ ...able, messages: [...messages, ...turns] });
    return { call: call.input, text: told.content[0].text };
  },
  structured: async (request) => {
    const format = zodOutputFormat(z.strictObject({ city: z.string() }));
    const told = await client(request).messages.parse({ ...wish(request), output_config: { format } });
    return { value: told.parsed_output };
  },
  models: async (request) => {
    const ids = [];
    for await (const { id } of client(request).models.list()) ids.push(id);
    return { ids };
  },
}, toldByPackage);
