// Drives Portkey's SDK: what others say in headers and options of a client it says in its own words. It asks the gateway to
// keep the time limit, and to try again, which it does not do itself after an answer of a gateway.

import { Portkey } from 'portkey-ai';
import { z } from 'zod';
import { zodResponseFormat } from 'openai/helpers/zod';
import { collect, serve } from './driver.mjs';

const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi' }];
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const weather = { type: 'function', function: { name: 'weather', description: 'Tells the weather.', parameters } };

/** The config that the request has, or one that asks the gateway to try again. */
function configOf({ headers = {}, retries }) {
  if (headers['x-portolan-config']) return JSON.parse(headers['x-portolan-config']);
  return retries ? { retry: { attempts: retries, use_retry_after_header: true } } : undefined;
}

const client = (request) => new Portkey({
  baseURL: `${request.url}/v1`, apiKey: 'any text', Authorization: `Bearer ${request.key}`,
  provider: request.headers?.['x-portolan-provider'], config: configOf(request), requestTimeout: request.timeout_ms,
});
const ask = (request, more = {}) =>
  client(request).chat.completions.create({ model: request.model, messages, max_tokens: 64, ...more });

await serve({
  chat: async (request) => {
    const { choices: [{ message }], usage } = await ask(request);
    return { text: message.content, usage: [usage.prompt_tokens, usage.completion_tokens] };
  },
  stream: async (request) => collect(
    await ask(request, { stream: true }), ({ choices: [choice] }) => choice?.delta.content ?? ''),
  tools: async (request) => {
    const tools = [weather];
    const { choices: [{ message: asking }] } = await ask(request, { tools });
    const [call] = asking.tool_calls;
    const result = { role: 'tool', tool_call_id: call.id, content: 'sunny' };
    const told = await ask(request, { tools, messages: [...messages, asking, result] });
    return { call: JSON.parse(call.function.arguments), text: told.choices[0].message.content };
  },
  structured: async (request) => {
    const response_format = zodResponseFormat(z.strictObject({ city: z.string() }), 'city');
    const told = await client(request).chat.completions.parse({
      model: request.model, messages, max_tokens: 64, response_format,
    });
    return { value: told.choices[0].message.parsed };
  },
  embed: async (request) => {
    const { data } = await client(request).embeddings.create({ model: request.model, input: ['one', 'two'] });
    return { vectors: data.map(({ embedding }) => embedding) };
  },
  models: async (request) => {
    const { data } = await client(request).models.list();
    return { ids: data.map(({ id }) => id) };
  },
}, (error) => {
  if (error.status === undefined) return undefined;
  const { message, status, error: body } = error;
  return { message, status, type: body?.error?.type, code: body?.error?.code, timeout: status === 408 };
});
