// Google's PaLM API, which servers of one's own may speak: chats and texts without tools, streams and counts of tokens. The
// package @google-ai/generativelanguage 2.9: google/ai/generativelanguage/v1beta3 (discuss_service.proto,
// text_service.proto); errors: https://cloud.google.com/apis/design/errors.

import { google } from './google.mjs';

const path = (model, verb) => `/v1beta3/models/${model}:${verb}`;

export const palm = {
  name: 'palm',
  model: 'chat-bison-001',
  base: '',
  chatPath: () => path('chat-bison-001', 'generateMessage'),
  isChat: (each) => each.endsWith(':generateMessage'),
  keyOf: (record) => record.headers['x-goog-api-key'],
  text: (content) => ({ candidates: [{ author: '1', content }], messages: [{ author: 'user', content: 'Hi' }] }),
  textModel: 'text-bison-001',
  textPath: path('text-bison-001', 'generateText'),
  completed: (output) => (
    { candidates: [{ output, safetyRatings: [{ category: 'HARM_CATEGORY_TOXICITY', probability: 'NEGLIGIBLE' }] }] }),
  errors: google.errors,
  error: google.error,
  isStream: () => false,
  embedding: {
    model: 'embedding-gecko-001',
    path: path('embedding-gecko-001', 'embedText'),
    oneTextACall: true,
    answer: ([value]) => ({ embedding: { value } }),
    inputs: (sent) => [sent.text],
    dimensions: undefined,
  },
};
