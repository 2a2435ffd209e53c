// The dialects that the gateway speaks to providers. Each says how it spells the same answers, and where it keeps the same
// facts of a request; another one is an object with the same members.
//
// Where and whose: name, model, host, base (of a custom host), keyVariable (of the environment), chatPath({model, stream}),
//   isChat(path), keyOf(record); relays, if the gateway passes bodies on as they come; takesUnknown, if it passes on members
//   that nobody knows; alwaysTellsUsage, if its last chunk does so, asked or not; ownMembers, that
//   every request must have for this dialect to be spoken; mediaTypes, if it does not take all.
// Answers: text, calls, reasoned; streams, as lists of events: textStream, callStream, reasonedStream, of which errorEvents
//   and garbage break one; streamType. Each answer tells of 9 tokens of the prompt and 3 of the completion.
// Errors: errors (the statuses that the API has, and what callers are told of each), error(status, message, {after}), a
//   {body, headers}; `after`: how many seconds to wait.
// Facts of a request, from its record: modelOf, isStream; from its JSON: maxTokens, temperature, stop, system, turns, texts,
//   media, tools, choice, callsIn, resultsIn, schema, thinking. Some have the values that they should have beside them: choices,
//   callTurns (turns of a question, two calls and their results), thinksHard (thinking of thinkingModel).
// toCheck(sent), what the check of requests wants to have, if that is another.
// embedding, if it has that: model, path, answer(vectors, sent), inputs, dimensions.

import { anthropic } from './dialects/anthropic.mjs';
import { bedrock } from './dialects/bedrock.mjs';
import { cohere } from './dialects/cohere.mjs';
import { google } from './dialects/google.mjs';
import { mistral } from './dialects/mistral.mjs';
import { ollama } from './dialects/ollama.mjs';
import { openai } from './dialects/openai.mjs';

export { anthropic, bedrock, cohere, google, mistral, ollama, openai };
export const dialects = [openai, anthropic, google, bedrock, cohere, mistral, ollama];
/** Those whose providers have a host. */
export const hosted = dialects.filter(({ host }) => host);
