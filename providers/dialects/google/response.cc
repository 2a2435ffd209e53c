#include "providers/dialects/google/response.h"

#include <utility>

#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/google/parts.h"
#include "providers/dialects/google/usage.h"
#include "providers/retry_after.h"

namespace portolan::providers::gemini {
namespace {

void TranslateToken(const wire::LogprobsCandidate& from, auto* to) {
  to->set_token(from.token());
  to->set_logprob(from.log_probability());
  for (const char byte : from.token()) to->add_bytes(static_cast<unsigned char>(byte));
}

// A blocked prompt: an answer without words, as OpenAI's own filter gives one.
void FillBlocked(const wire::GenerateContentResponse& answer, api::ChatChoice* choice) {
  choice->set_index(0);
  choice->mutable_message()->set_role("assistant");
  const std::string words = BlockMessage(answer);
  if (!words.empty()) choice->mutable_message()->set_refusal(words);
  choice->set_finish_reason("content_filter");
  choice->set_native_finish_reason(BlockReason(answer));
}

void FillChoice(const wire::GenerateContentResponse& answer, const wire::Candidate& candidate, int32_t index,
                const CallFacts& facts, api::ChatCompletion* hub) {
  api::ChatChoice* choice = hub->add_choices();
  choice->set_index(index);
  api::Message* message = choice->mutable_message();
  message->set_role("assistant");
  CandidateReader reader(CallPrefix(answer, hub->created(), index));
  CandidateReader::Piece piece = reader.Take(candidate);
  if (piece.has_text) message->mutable_content()->set_text(std::move(piece.text));
  if (!piece.reasoning.empty()) message->set_reasoning_content(std::move(piece.reasoning));
  for (api::ToolCall& call : piece.calls) *message->add_tool_calls() = std::move(call);
  if (piece.sound != nullptr)
    TranslateSound(*piece.sound, hub->id(), hub->created(), message->mutable_audio());
  if (!piece.images.empty()) AddExtra("images", JsonArrayOf(piece.images), message->mutable_extra());
  if (facts.content_blocks) {
    for (int i = 0; i < candidate.content().parts_size(); ++i) {
      const wire::Part& part = candidate.content().parts(i);
      if (KindOf(part) == PartKind::kNothing) continue;
      FillBlock(part, piece.call_ids[static_cast<size_t>(i)], message->add_content_blocks());
    }
  }
  reader.AddAnnotations(message->mutable_annotations());
  AddGoogleContent(reader.content(), message->mutable_extra());
  if (candidate.has_logprobs_result()) {
    TranslateLogprobs(candidate.logprobs_result(), choice->mutable_logprobs());
  }
  FillFinish(reader, choice);
}

}  // namespace

std::optional<Error> DecodeAnswer(const wire::GenerateContentResponse& answer, const CallFacts& facts,
                                  api::ChatCompletion* hub) {
  if (answer.has_error()) return ErrorInAnswer(answer.error());
  const bool blocked = !BlockReason(answer).empty();
  if (answer.candidates().empty() && !blocked) {
    if (!answer.has_usage_metadata() && !answer.has_response_id()) {
      return BrokenAnswer("upstream_invalid_answer",
                          "google answered with something that is no answer of a model");
    }
    return BrokenAnswer("upstream_empty_answer", "google answered without a candidate");
  }
  hub->set_id(answer.response_id().empty() ? AnswerId(facts) : answer.response_id());
  hub->set_object("chat.completion");
  hub->set_created(CreatedAt(answer, facts));
  hub->set_model(answer.has_model_version() ? answer.model_version() : std::string(facts.model));
  for (int i = 0; i < answer.candidates_size(); ++i) {
    const wire::Candidate& candidate = answer.candidates(i);
    FillChoice(answer, candidate, candidate.has_index() ? candidate.index() : i, facts, hub);
  }
  if (answer.candidates().empty()) FillBlocked(answer, hub->add_choices());
  if (answer.has_usage_metadata()) {
    TranslateUsage(answer.usage_metadata(), hub->mutable_usage());
    const std::string tier = ServiceTier(answer.usage_metadata());
    if (!tier.empty()) hub->set_service_tier(tier);
  }
  if (answer.has_prompt_feedback() && !IsEmptyJson(answer.prompt_feedback())) {
    AddExtra("promptFeedback", answer.prompt_feedback(), hub->mutable_extra());
  }
  CopyExtras(answer.extra(), hub);
  return std::nullopt;
}

std::string AnswerId(const CallFacts& facts) {
  return "chatcmpl-google-" + std::to_string(facts.unix_seconds);
}

int64_t CreatedAt(const wire::GenerateContentResponse& answer, const CallFacts& facts) {
  return ParseTimestamp(answer.create_time()).value_or(facts.unix_seconds);
}

std::string CallPrefix(const wire::GenerateContentResponse& answer, int64_t created, int32_t candidate) {
  const std::string name = answer.response_id().empty() ? std::to_string(created) : answer.response_id();
  return "call_" + name + "_" + std::to_string(candidate) + "_";
}

void TranslateLogprobs(const wire::LogprobsResult& from, api::ChatLogprobs* to) {
  for (int i = 0; i < from.chosen_candidates_size(); ++i) {
    api::TokenLogprob* token = to->add_content();
    TranslateToken(from.chosen_candidates(i), token);
    if (i >= from.top_candidates_size() || from.top_candidates(i).candidates().empty()) {
      AddExtra("top_logprobs", "[]", token->mutable_extra());  // is there and empty
      continue;
    }
    for (const wire::LogprobsCandidate& top : from.top_candidates(i).candidates()) {
      TranslateToken(top, token->add_top_logprobs());
    }
  }
  CopyExtras(from.extra(), to);
}

void TranslateSound(const wire::Blob& from, std::string_view answer_id, int64_t created, api::Audio* to) {
  to->set_id(std::string(answer_id));
  to->set_data(from.data());
  to->set_expires_at(created);
  to->set_transcript("");
  // `audio/L16;codec=pcm;rate=24000`
  AddExtra("mime_type", JsonString(from.mime_type()), to->mutable_extra());
}

std::string BlockMessage(const wire::GenerateContentResponse& answer) {
  return JsonText(JsonMember(answer.prompt_feedback(), "blockReasonMessage"));
}

}  // namespace portolan::providers::gemini
