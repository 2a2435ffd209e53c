#include "server/middleware/grpc/verdicts.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/text.h"
#include "server/base/utf8.h"

namespace portolan::middleware {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using Action = Verdict::Action;

constexpr size_t kMaxMessage = 1024;
constexpr size_t kMaxCode = 64;
constexpr int kMaxNotes = 64;
constexpr size_t kMaxNote = 1024;
constexpr int kMaxFindings = 64;
constexpr size_t kMaxFindingName = 64;

// Each of the functions below returns what is wrong; empty: nothing. No text of the middleware's is in that.

std::string Take(v1::Deny* deny, Denial* out) {
  const auto is_code_byte = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '_'; };
  if (deny->http_status() != 0) {
    if (deny->http_status() < 400 || deny->http_status() > 499) {
      return "Deny with http_status " + std::to_string(deny->http_status()) +
             ", which is not from 400 to 499";
    }
    out->http_status = deny->http_status();
  }
  if (!deny->code().empty()) {
    if (deny->code().size() > kMaxCode || !std::ranges::all_of(deny->code(), is_code_byte)) {
      return "Deny with a code that is not of up to 64 of a-z, 0-9 and _";
    }
    out->code = deny->code();
  }
  out->message = CutUtf8(deny->message(), kMaxMessage);
  return {};
}

std::string Take(const google::protobuf::Map<std::string, std::string>& notes, Verdict* out) {
  if (notes.size() > kMaxNotes) return "more than 64 notes";
  for (const auto& [key, value] : notes) {
    if (key.size() + value.size() > kMaxNote) return "a note of more than 1 KB";
    out->notes.emplace_back(key, value);
  }
  // A map of protobuf's has another order in each process.
  std::ranges::sort(out->notes);
  return {};
}

std::string Take(google::protobuf::RepeatedPtrField<v1::Finding>* findings, Verdict* out) {
  const auto is_name_byte = [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; };
  if (findings->size() > kMaxFindings) return "more than 64 findings";
  for (v1::Finding& finding : *findings) {
    std::string& name = *finding.mutable_name();
    if (name.empty() || name.size() > kMaxFindingName || !std::ranges::all_of(name, is_name_byte)) {
      return "a finding whose name is not of 1 to 64 letters, digits, ., _ and -";
    }
    // What was found was found once at least.
    out->findings.push_back({std::move(name), std::max<uint32_t>(finding.count(), 1)});
  }
  return {};
}

// Takes a typed body if it is of the type that fits; null: none does.
template <typename T>
std::string Take(T* body, const Descriptor* fitting, Body* out) {
  if (fitting != T::descriptor()) {
    return "a body of type " + T::descriptor()->full_name() + ", which does not fit";
  }
  auto taken = std::make_unique<T>();
  taken->Swap(body);
  out->typed = std::move(taken);
  return {};
}

// Whether nothing at all can be a body.
enum class Empty : uint8_t { kRefused, kAllowed };

std::string TakeJson(std::string* json, Empty empty, Body* out) {
  if (json->empty() && empty == Empty::kRefused) return "an empty body";
  out->json = std::move(*json);
  return {};
}

std::string Take(v1::Replace* replace, const Descriptor* fitting, Empty empty, Body* out) {
  switch (replace->body_case()) {
    case v1::Replace::kChatRequest:
      return Take(replace->mutable_chat_request(), fitting, out);
    case v1::Replace::kCompletionRequest:
      return Take(replace->mutable_completion_request(), fitting, out);
    case v1::Replace::kEmbeddingRequest:
      return Take(replace->mutable_embedding_request(), fitting, out);
    case v1::Replace::kChat:
      return Take(replace->mutable_chat(), fitting, out);
    case v1::Replace::kCompletion:
      return Take(replace->mutable_completion(), fitting, out);
    case v1::Replace::kChunk:
      return Take(replace->mutable_chunk(), fitting, out);
    case v1::Replace::kJson:
      return TakeJson(replace->mutable_json(), empty, out);
    case v1::Replace::BODY_NOT_SET:
      break;
  }
  return "Replace without a body";
}

std::string Take(v1::Answer* answer, const Descriptor* fitting, Body* out) {
  switch (answer->body_case()) {
    case v1::Answer::kChat:
      return Take(answer->mutable_chat(), fitting, out);
    case v1::Answer::kCompletion:
      return Take(answer->mutable_completion(), fitting, out);
    case v1::Answer::kJson:
      return TakeJson(answer->mutable_json(), Empty::kRefused, out);
    case v1::Answer::BODY_NOT_SET:
      break;
  }
  return "Answer without a body";
}

// What a request is answered with.
const Descriptor* AnswerTo(const Event& asked) {
  const Descriptor* const told = asked.body.typed == nullptr ? nullptr : asked.body.typed->GetDescriptor();
  if (asked.call.operation == "chat" || told == portolan::v1::ChatCompletionRequest::descriptor()) {
    return portolan::v1::ChatCompletion::descriptor();
  }
  if (asked.call.operation == "completion" || told == portolan::v1::CompletionRequest::descriptor()) {
    return portolan::v1::Completion::descriptor();
  }
  return nullptr;
}

bool TooLarge(const Body& body, size_t max_body) {
  return (body.typed == nullptr ? body.json.size() : body.typed->ByteSizeLong()) > max_body;
}

std::string TakeAction(v1::Verdict* said, const Event& asked, Verdict* out) {
  switch (said->action_case()) {
    case v1::Verdict::kReplace: {
      out->action = Action::kReplace;
      const Message* const told = asked.body.typed;
      // An answer can be a plain text, of which a redaction may leave nothing.
      const Empty empty = asked.hook == Hook::kResponse ? Empty::kAllowed : Empty::kRefused;
      return Take(said->mutable_replace(), told == nullptr ? nullptr : told->GetDescriptor(), empty,
                  &out->body);
    }
    case v1::Verdict::kDeny:
      out->action = Action::kDeny;
      return Take(said->mutable_deny(), &out->denial);
    case v1::Verdict::kAnswer:
      out->action = Action::kAnswer;
      if (asked.hook == Hook::kResponse) return "Answer to a response";
      return Take(said->mutable_answer(), AnswerTo(asked), &out->body);
    case v1::Verdict::kProceed:
    case v1::Verdict::ACTION_NOT_SET:
      break;
  }
  return {};
}

std::string TakeAction(v1::ChunkVerdict* said, const Descriptor* told, Verdict* out) {
  switch (said->action_case()) {
    case v1::ChunkVerdict::kReplace:
      out->action = Action::kReplace;
      return Take(said->mutable_replace(), told, Empty::kRefused, &out->body);
    case v1::ChunkVerdict::kDeny:
      out->action = Action::kDeny;
      return Take(said->mutable_deny(), &out->denial);
    case v1::ChunkVerdict::kHold:
      out->action = Action::kHold;
      break;
    case v1::ChunkVerdict::kDone:
      out->action = Action::kDone;
      break;
    case v1::ChunkVerdict::kProceed:
    case v1::ChunkVerdict::ACTION_NOT_SET:
      break;
  }
  return {};
}

}  // namespace

Outcome Failed(std::string why) {
  Outcome outcome;
  outcome.failure = std::move(why);
  return outcome;
}

Outcome ReadVerdict(v1::Verdict said, const Event& asked, size_t max_body) {
  Outcome outcome;
  Verdict& verdict = outcome.verdict.emplace();
  std::string problem = TakeAction(&said, asked, &verdict);
  if (problem.empty()) problem = Take(said.notes(), &verdict);
  if (problem.empty()) problem = Take(said.mutable_findings(), &verdict);
  if (problem.empty() && TooLarge(verdict.body, max_body)) problem = "a body that is larger than max_body";
  if (!problem.empty()) return Failed(std::move(problem));
  return outcome;
}

Outcome ReadChunkVerdict(v1::ChunkVerdict said, const Descriptor* told, size_t max_body) {
  Outcome outcome;
  Verdict& verdict = outcome.verdict.emplace();
  std::string problem = TakeAction(&said, told, &verdict);
  if (problem.empty()) problem = Take(said.mutable_findings(), &verdict);
  if (problem.empty() && TooLarge(verdict.body, max_body)) problem = "a body that is larger than max_body";
  if (!problem.empty()) return Failed(std::move(problem));
  return outcome;
}

}  // namespace portolan::middleware
