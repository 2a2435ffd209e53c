#pragma once

// Turns Google's answer into the hub's, with what whole and streamed answers have in common.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gemini/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/candidate.h"
#include "providers/dialects/google/finish.h"
#include "providers/mapping.h"
#include "server/base/text.h"

namespace portolan::providers::gemini {

// Fills `hub`, which must be empty. Returns an Error if the object is an error, or no answer (502).
std::optional<Error> DecodeAnswer(const wire::GenerateContentResponse& answer, const CallFacts& facts,
                                  api::ChatCompletion* hub);

// The id of an answer that Google gave none.
std::string AnswerId(const CallFacts& facts);
// When an answer was made, seconds since 1970: as it says itself, else now.
int64_t CreatedAt(const wire::GenerateContentResponse& answer, const CallFacts& facts);
// What the ids of a candidate's calls begin with where Google gives none: the same whenever the answer is
// read, and no other answer's.
std::string CallPrefix(const wire::GenerateContentResponse& answer, int64_t created, int32_t candidate);

// Sets the finish reason, in both words, and what the hub has no place for.
template <typename Choice>
void FillFinish(const CandidateReader& candidate, Choice* choice) {
  const std::string_view native = candidate.reason();
  choice->set_finish_reason(std::string(FinishReason(native, candidate.has_calls())));
  // STOP and `stop` are one word.
  if (!native.empty() && choice->finish_reason() != native && choice->finish_reason() != LowerCase(native)) {
    choice->set_native_finish_reason(std::string(native));
  }
  CopyExtras(candidate.extras(), choice);
}

void TranslateLogprobs(const wire::LogprobsResult& from, api::ChatLogprobs* to);
// Sound in base64, named after the answer. Google keeps none of it, so that it has expired when it is made,
// and tells no transcript.
void TranslateSound(const wire::Blob& from, std::string_view answer_id, int64_t created, api::Audio* to);
// Why a prompt was blocked, in words, if Google tells.
std::string BlockMessage(const wire::GenerateContentResponse& answer);

}  // namespace portolan::providers::gemini
