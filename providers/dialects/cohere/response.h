#pragma once

// Turns an answer of Cohere's into the hub's, with what whole and streamed answers have in common.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cohere/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/mapping.h"

namespace portolan::providers::cohere {

namespace api = ::portolan::v1;
namespace wire = ::cohere::v1;

// Fills `hub`, which must be empty. Returns an Error if the answer is none, or says that it failed.
std::optional<Error> DecodeAnswer(const wire::ChatResponse& answer, const CallFacts& facts,
                                  api::ChatCompletion* hub);

// Of an answer that has no id of its own.
std::string AnswerId(const CallFacts& facts);

// OpenAI's word for a reason; an unknown one is `stop`:
//
//   COMPLETE, STOP_SEQUENCE, none   stop
//   TOOL_CALL                       tool_calls
//   MAX_TOKENS                      length
//
// If `has_calls`, the first line becomes tool_calls too.
std::string_view FinishReason(std::string_view reason, bool has_calls);

// The tokens that the model read and wrote; where these are not told, those that are paid for. Nothing is set
// where nothing is reported.
void TranslateUsage(const wire::Usage& from, api::Usage* to);

// A piece of the text as one token, whose probability is that of all tokens in it.
void TranslateLogprob(const wire::LogprobItem& from, api::TokenLogprob* to);

// What a citation, one JSON object, says of the text.
struct CitedText {
  bool of_text = false;  // not of thinking or of a plan
  int64_t content_index = 0;
  int64_t start = 0;  // in characters of the part
  int64_t end = 0;
};
CitedText ReadCitation(std::string_view citation);
// Makes the pages among a citation's sources annotations of the text, whose part begins at `offset`, and, if
// `block` is not null, citations of that block.
void TranslateCitation(std::string_view citation, int64_t offset,
                       google::protobuf::RepeatedPtrField<api::Annotation>* annotations,
                       api::ContentBlock* block);

}  // namespace portolan::providers::cohere
