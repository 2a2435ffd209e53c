// The dialects that the gateway speaks to providers. Each says how it spells the same answers, and where it keeps the same
// facts of a request; another one is an object with the same members.
//
// Where and whose: name (in the tests' names), provider, if that is another; model, host, base (of a custom host), keyVariable
//   (of the environment), chatPath({model, stream}), completionPath, if it has texts besides, isChat(path), keyOf(record),
//   key(word), if not every word is a key; relays, if the gateway passes bodies on as they come, and relaysMessages, those of
//   Anthropic's SDK; asksForUsage, if it is asked for it though they are not; takesUnknown, if it passes on members that nobody
//   knows; alwaysTellsUsage, if its last chunk does so, asked or not; ownMembers and ownOptions, that every request must have
//   for this dialect to be spoken; mediaTypes, if it does not take all; refusesPdf: false, if the gateway leaves it to the
//   provider to refuse a document; hasCallIds: false, if calls of tools have none;
//   takesSchemas: false, if it does not hold an answer to a JSON Schema.
// Answers: text, calls, reasoned; streams, as lists of events: textStream, callStream, reasonedStream, of which errorEvents
//   and garbage break one; streamType. Each answer tells of 9 tokens of the prompt and 3 of the completion.
// Errors: errors (the statuses that the API has, and what callers are told of each), error(status, message, {after}), a
//   {body, headers}; `after`: how many seconds to wait, which it does not say if tellsAfter is false; httpStatus(status), if
//   it comes with another.
// Facts of a request, from its record: modelOf, isStream; from its JSON: maxTokens, temperature, stop, system, turns, texts,
//   media, tools, choice, callsIn, resultsIn, schema, thinking. Some have the values that they should have beside them: choices,
//   callTurns (turns of a question, two calls and their results), thinksHard (thinking of thinkingModel).
// toCheck(sent), what the check of requests wants to have, and checkedAs, whose, if that is another.
// embedding, if it has that: model, path, answer(vectors, sent), inputs, dimensions (if a call may say them), oneTextACall.

import { anthropic } from './dialects/anthropic.mjs';
import { bedrock, titan } from './dialects/bedrock.mjs';
import { cohere } from './dialects/cohere.mjs';
import { google } from './dialects/google.mjs';
import { minimax } from './dialects/minimax.mjs';
import { mistral } from './dialects/mistral.mjs';
import { ollama } from './dialects/ollama.mjs';
import { openai } from './dialects/openai.mjs';
import { palm } from './dialects/palm.mjs';
import { vertexClaude, vertexGemini } from './dialects/vertex.mjs';
import { watsonx } from './dialects/watsonx.mjs';

export { anthropic, bedrock, cohere, google, mistral, ollama, openai, palm };
export const dialects = [
  openai, anthropic, google, vertexGemini, vertexClaude, bedrock, cohere, mistral, ollama, watsonx, minimax,
];
/** And those that have so little of it that their tests are their own. */
export const spoken = [...dialects, palm];
/** Those that embed texts. */
export const embedders = [...spoken, titan].filter(({ embedding }) => embedding);
/** A key of a caller's, in which `word` stands. */
export const keyFor = (dialect, word) => dialect.key?.(word) ?? word;
/** What of a call's id reaches it. */
export const sentId = (dialect, id) => (dialect.hasCallIds === false ? undefined : id);
/** Those whose providers have a host, and a key that is sent as it is. */
export const hosted = dialects.filter(({ host }) => host);
