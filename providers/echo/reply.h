#pragma once

// What echo answers. Pure functions of the request.

#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"

namespace portolan::providers::echo {

// A call of one tool that was offered.
struct ToolCallReply {
  std::string name;
  std::string arguments;  // JSON
};

struct ChatReply {
  std::string text;
  std::vector<ToolCallReply> calls;  // if there are any, `text` is empty
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
  std::string finish_reason = "stop";
};

// Answers with the text of the last user message, or a call of the tool that the request insists on, or JSON
// of the schema that it asks for. Every four bytes, or part of them, count as a token; max_tokens cuts the
// text.
ChatReply AnswerChat(const v1::ChatCompletionRequest& request);

// The tokens of all messages, as ChatReply has them.
int64_t PromptTokens(const v1::ChatCompletionRequest& request);

// The texts of a prompt or an input; arrays of tokens are written out as numbers.
std::vector<std::string> InputTexts(const v1::TextInput& input);

// A unit vector of `dimensions` that depends on nothing but the text.
std::vector<float> Embed(std::string_view text, int dimensions);

// A small instance of a JSON schema, easy to recognise: strings are `text`, numbers are 0. `schema` is JSON;
// anything that this does not understand becomes `{}`.
std::string InstanceOf(std::string_view schema, std::string_view text);

int64_t CountTokens(std::string_view text);

// Cuts text into the pieces of a stream: words with the space after them, at most 64 pieces.
std::vector<std::string_view> Pieces(std::string_view text);

}  // namespace portolan::providers::echo
