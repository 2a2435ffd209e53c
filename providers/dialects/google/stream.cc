#include "providers/dialects/google/stream.h"

#include <algorithm>
#include <utility>

#include "providers/classify.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/google/finish.h"
#include "providers/dialects/google/response.h"
#include "providers/dialects/google/usage.h"
#include "providers/retry_after.h"

namespace portolan::providers::gemini {
namespace {

// More answers than anyone may ask for: a server must not fill the memory.
constexpr size_t kMaxChoices = 128;

}  // namespace

ChatStream::ChatStream(const CallFacts& facts)
    : include_usage_(facts.include_usage),
      content_blocks_(facts.content_blocks),
      created_(facts.unix_seconds),
      id_(AnswerId(facts)),
      model_(facts.model) {}

std::optional<Error> ChatStream::OnEvent(const Message& event, MessageSink& out, State* state) {
  const auto& answer = static_cast<const wire::GenerateContentResponse&>(event);
  *state = State::kMore;
  if (done_) {
    *state = State::kDone;
    return std::nullopt;
  }
  if (answer.has_error()) {
    done_ = true;
    return ErrorInAnswer(answer.error());
  }
  OnHead(answer);
  for (int i = 0; i < answer.candidates_size(); ++i) {
    const wire::Candidate& candidate = answer.candidates(i);
    OnCandidate(answer, candidate, candidate.has_index() ? candidate.index() : i, out);
  }
  if (choices_.size() > kMaxChoices) {
    done_ = true;
    return BrokenAnswer("upstream_invalid_answer", "google gives more answers than were asked for");
  }
  if (answer.candidates().empty()) *state = State::kIdle;
  return std::nullopt;
}

void ChatStream::OnHead(const wire::GenerateContentResponse& answer) {
  if (choices_.empty()) {
    if (!answer.response_id().empty()) id_ = answer.response_id();
    if (answer.has_create_time()) created_ = ParseTimestamp(answer.create_time()).value_or(created_);
    if (answer.has_model_version()) model_ = answer.model_version();
  }
  if (answer.has_usage_metadata()) {
    MergeUsage(answer.usage_metadata(), &usage_);
    has_usage_ = true;
    service_tier_ = ServiceTier(usage_);
  }
  if (answer.has_prompt_feedback() && !IsEmptyJson(answer.prompt_feedback())) {
    prompt_feedback_ = answer.prompt_feedback();
    block_reason_ = BlockReason(answer);
    block_message_ = BlockMessage(answer);
  }
  if (!answer.extra().empty()) extras_ = answer.extra();
}

std::optional<Error> ChatStream::OnEnd(MessageSink& out) {
  if (done_) return std::nullopt;
  done_ = true;
  const bool blocked = choices_.empty() && !block_reason_.empty();
  if (choices_.empty() && !blocked) {
    return BrokenAnswer("upstream_empty_answer", "google's stream has no candidate");
  }
  const bool whole = std::all_of(choices_.begin(), choices_.end(),
                                 [](const auto& choice) { return choice.second.reader.finished(); });
  if (!whole)
    return BrokenAnswer("upstream_truncated", "google ended the stream before the answer was complete");
  if (blocked) OnBlocked(out);
  for (auto& [index, choice] : choices_) EmitFinish(index, &choice, out);
  if (!include_usage_) return std::nullopt;
  api::ChatCompletionChunk* chunk = NewChunk(out);
  if (has_usage_) TranslateUsage(usage_, chunk->mutable_usage());
  AddExtra("choices", "[]", chunk->mutable_extra());  // there, and empty
  return std::nullopt;
}

void ChatStream::OnCandidate(const wire::GenerateContentResponse& answer, const wire::Candidate& candidate,
                             int32_t index, MessageSink& out) {
  Choice* choice = Find(answer, index, out);
  if (choice == nullptr) return;
  CandidateReader::Piece piece = choice->reader.Take(candidate);
  const bool says_something = !piece.empty();
  api::ChatChunkChoice chunk;
  api::MessageDelta* delta = chunk.mutable_delta();
  if (!piece.text.empty()) delta->set_content(std::move(piece.text));
  if (!piece.reasoning.empty()) delta->set_reasoning_content(std::move(piece.reasoning));
  int32_t number = choice->reader.first_call();
  for (api::ToolCall& call : piece.calls) {
    api::ToolCallDelta* step = delta->add_tool_calls();
    step->set_index(number++);
    step->set_id(call.id());
    step->set_type("function");
    *step->mutable_function() = std::move(*call.mutable_function());
    *step->mutable_extra() = std::move(*call.mutable_extra());
  }
  if (!piece.images.empty()) AddExtra("images", JsonArrayOf(piece.images), delta->mutable_extra());
  if (piece.sound != nullptr) TranslateSound(*piece.sound, id_, created_, delta->mutable_audio());
  if (content_blocks_) {
    for (int i = 0; i < candidate.content().parts_size(); ++i) {
      choice->blocks.Add(candidate.content().parts(i), piece.call_ids[static_cast<size_t>(i)], delta);
    }
  }
  if (candidate.has_logprobs_result()) {
    TranslateLogprobs(candidate.logprobs_result(), chunk.mutable_logprobs());
  }
  if (!says_something && delta->content_blocks().empty() && !chunk.has_logprobs()) return;
  chunk.set_index(index);
  *NewChoice(index, out) = std::move(chunk);
}

ChatStream::Choice* ChatStream::Find(const wire::GenerateContentResponse& answer, int32_t index,
                                     MessageSink& out) {
  const auto found = choices_.find(index);
  if (found != choices_.end()) return &found->second;
  if (choices_.size() > kMaxChoices) return nullptr;
  const auto added =
      choices_.emplace(index, Choice{CandidateReader(CallPrefix(answer, created_, index)), {}}).first;
  api::MessageDelta* delta = NewChoice(index, out)->mutable_delta();
  delta->set_role("assistant");
  delta->set_content("");
  return &added->second;
}

// A blocked prompt: an answer without words, as OpenAI's own filter gives one.
void ChatStream::OnBlocked(MessageSink& out) {
  api::ChatChunkChoice* choice = NewChoice(0, out);
  choice->mutable_delta()->set_role("assistant");
  if (!block_message_.empty()) choice->mutable_delta()->set_refusal(block_message_);
  choice = NewChoice(0, out);
  choice->mutable_delta();
  choice->set_finish_reason("content_filter");
  choice->set_native_finish_reason(block_reason_);
}

void ChatStream::EmitFinish(int32_t index, Choice* choice, MessageSink& out) {
  api::ChatCompletionChunk* chunk = NewChunk(out);
  if (include_usage_) AddExtra("usage", "null", chunk->mutable_extra());
  api::ChatChunkChoice* last = chunk->add_choices();
  last->set_index(index);
  api::MessageDelta* delta = last->mutable_delta();
  choice->blocks.Close(delta);
  choice->reader.AddAnnotations(delta->mutable_annotations());
  AddGoogleContent(choice->reader.content(), delta->mutable_extra());
  FillFinish(choice->reader, last);
  CopyExtras(extras_, chunk);
  if (!prompt_feedback_.empty()) AddExtra("promptFeedback", prompt_feedback_, chunk->mutable_extra());
}

TokenUsage ChatStream::Tokens() const {
  TokenUsage tokens;
  if (!has_usage_) return tokens;
  api::Usage usage;
  TranslateUsage(usage_, &usage);
  tokens.input = usage.prompt_tokens();
  tokens.output = usage.completion_tokens();
  if (usage.prompt_tokens_details().has_cached_tokens()) {
    tokens.cached = usage.prompt_tokens_details().cached_tokens();
  }
  if (usage.completion_tokens_details().has_reasoning_tokens()) {
    tokens.reasoning = usage.completion_tokens_details().reasoning_tokens();
  }
  return tokens;
}

api::ChatChunkChoice* ChatStream::NewChoice(int32_t index, MessageSink& out) {
  api::ChatCompletionChunk* chunk = NewChunk(out);
  // OpenAI says null until the usage comes.
  if (include_usage_) AddExtra("usage", "null", chunk->mutable_extra());
  api::ChatChunkChoice* choice = chunk->add_choices();
  choice->set_index(index);
  return choice;
}

api::ChatCompletionChunk* ChatStream::NewChunk(MessageSink& out) {
  auto* chunk = static_cast<api::ChatCompletionChunk*>(out.Add());
  chunk->set_id(id_);
  chunk->set_object("chat.completion.chunk");
  chunk->set_created(created_);
  chunk->set_model(model_);
  if (!service_tier_.empty()) chunk->set_service_tier(service_tier_);
  return chunk;
}

}  // namespace portolan::providers::gemini
