#pragma once

// Finds what an error answer says, in the provider's own words. Servers put these in many places; a caller
// that is told only a status has to guess.

#include <cstddef>
#include <string>
#include <string_view>

namespace portolan::providers {

// In bytes. Longer texts are cut between characters and end in `…`, as they go into headers and metadata.
inline constexpr size_t kMaxErrorMessage = 2048;
inline constexpr size_t kMaxErrorText = 1000;  // of a body that is not a known kind of error object

// What is known of an error. Missing members stay empty; numbers are given as their text.
struct ErrorMembers {
  std::string message;
  std::string type;
  std::string code;
  std::string param;
  int status = 0;  // 400 to 599 where the text itself tells one (`"code":402`, `"status":"429"`); else 0
};

// Reads an error body of any type. In JSON the words are looked for where servers put them, names in any case
// and with or without `_`:
//   - the object or string under `error` (OpenAI, Anthropic, Google, Ollama); of an array its first element;
//   - `message`, `msg`, `error_message`, `error_msg`, `status_msg`, `Message` (AWS, Spring, fastify, Nest);
//   - `detail` as text, object or list of problems (FastAPI, RFC 9457), `error_description` (OAuth), `title`;
//   - `errors` as list, object of lists or text (GraphQL, Cloudflare, ASP.NET), each named by its place.
// A string that is JSON itself is read likewise. Of markup the title, or the sentence that follows it; of
// server-sent events the data; of anything else that is text the text. Messages are UTF-8 and bounded.
// False if the body says nothing that can be shown.
bool ReadErrorText(std::string_view body, ErrorMembers* out);

// The same for JSON only, without falling back on the whole text: false if none of these places has any
// words. What else it says (code, status) is filled in nevertheless.
bool ReadJsonError(std::string_view json, ErrorMembers* out);

}  // namespace portolan::providers
