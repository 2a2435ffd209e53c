#include "providers/dialects/palm/chat.h"

#include <string>
#include <string_view>
#include <utility>

#include "palm/v1/palm.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/member_path.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/palm/parameters.h"

namespace portolan::providers::palm {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::palm::v1;

constexpr std::string_view kBetween = "\n\n";

void Append(std::string_view text, std::string* to) {
  if (!to->empty() && !text.empty()) to->append(kBetween);
  to->append(text);
}

// The text of a message. Returns an Error for parts that are none.
std::optional<Error> TakeText(const api::Message& message, const MemberPath& path, std::string* text) {
  if (message.content().kind_case() == api::Content::kText) *text = message.content().text();
  const auto& parts = message.content().parts().items();
  for (int i = 0; i < parts.size(); ++i) {
    const bool is_text = parts[i].type() == "text" || parts[i].type() == "refusal";
    if (!is_text) return Refuse("palm takes text only", MemberPath{&path, "content", i}.ToString());
    text->append(parts[i].type() == "text" ? parts[i].text() : parts[i].refusal());
  }
  if (text->empty()) *text = message.refusal();
  return std::nullopt;
}

std::optional<Error> TakeMessage(const api::Message& message, const MemberPath& path,
                                 wire::MessagePrompt* out, DroppedMembers* dropped) {
  if (message.role() == "tool" || message.role() == "function") {
    return Refuse("palm has no tools", MemberPath{&path, "role"}.ToString());
  }
  if (!message.tool_calls().empty())
    return Refuse("palm has no tools", MemberPath{&path, "tool_calls"}.ToString());
  if (message.has_function_call())
    return Refuse("palm has no tools", MemberPath{&path, "function_call"}.ToString());
  std::string text;
  if (auto error = TakeText(message, path, &text)) return error;
  if (message.has_name()) dropped->push_back(MemberPath{&path, "name"}.ToString());
  if (message.role() == "system" || message.role() == "developer") {
    Append(text, out->mutable_context());
    return std::nullopt;
  }
  // Authors alternate: what one says twice in a row is one turn.
  const std::string author = message.role() == "assistant" ? "assistant" : "user";
  if (out->messages().empty() || out->messages().rbegin()->author() != author) {
    out->add_messages()->set_author(author);
  }
  Append(text, out->mutable_messages()->rbegin()->mutable_content());
  return std::nullopt;
}

// Members without which the answer would be another.
std::optional<Error> CheckMeaning(const api::ChatCompletionRequest& request) {
  const bool calls = request.tool_choice().mode() != "none";
  if (!request.tools().empty() && calls) return Refuse("palm has no tools", "tools");
  if (!request.functions().empty()) return Refuse("palm has no tools", "functions");
  if (request.has_response_format() && request.response_format().type() != "text") {
    return Refuse("palm answers with text of no particular form", "response_format");
  }
  if (request.logprobs().enabled() || request.logprobs().count() > 0) {
    return Refuse("palm tells no probabilities", "logprobs");
  }
  if (request.has_stop()) return Refuse("palm's chat has no stop sequences", "stop");
  if (request.has_web_search_options()) return Refuse("palm does not search", "web_search_options");
  if (request.has_moderation()) return Refuse("palm has no moderation", "moderation");
  for (int i = 0; i < request.modalities_size(); ++i) {
    if (request.modalities(i) == "text") continue;
    return Refuse("palm answers with text only", MemberPath{nullptr, "modalities", i}.ToString());
  }
  return std::nullopt;
}

void NameLostOfChat(const api::ChatCompletionRequest& request, DroppedMembers* dropped) {
  NameLost(request, dropped);
  const auto name = [&](bool asked, const char* member) {
    if (asked) dropped->emplace_back(member);
  };
  name(request.has_max_completion_tokens(), "max_completion_tokens");
  name(request.has_max_tokens(), "max_tokens");
  name(!request.tools().empty(), "tools");
  name(request.has_reasoning_effort() && request.reasoning_effort() != "none", "reasoning_effort");
  name(request.has_verbosity(), "verbosity");
  name(request.store(), "store");
  name(!request.metadata().empty(), "metadata");
  name(request.has_service_tier() && request.service_tier() != "auto" && request.service_tier() != "default",
       "service_tier");
  name(request.has_prediction(), "prediction");
  name(request.has_thinking(), "thinking");
  name(request.has_safety_identifier(), "safety_identifier");
  name(request.has_prompt_cache_key(), "prompt_cache_key");
  name(request.has_prompt_cache_retention(), "prompt_cache_retention");
}

}  // namespace

std::optional<Error> ChatMapping::RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                                DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::ChatCompletionRequest&>(hub);
  auto* out = static_cast<wire::GenerateMessageRequest*>(wire);
  if (facts.model.empty()) {
    return Error::InvalidRequest("missing_value", "palm needs to know which model to call", "model");
  }
  if (auto error = CheckMeaning(request)) return error;
  wire::MessagePrompt* const prompt = out->mutable_prompt();
  for (int i = 0; i < request.messages_size(); ++i) {
    if (auto error = TakeMessage(request.messages(i), {nullptr, "messages", i}, prompt, dropped))
      return error;
  }
  if (prompt->messages().empty()) {
    return Error::InvalidRequest("missing_value", "palm needs something to answer to", "messages");
  }
  if (auto error = TakeSampling(request, out, dropped)) return error;
  if (request.has_top_k()) out->set_top_k(request.top_k());
  NameLostOfChat(request, dropped);
  for (const api::Extra& extra : request.extra()) {
    if (IsEmptyJson(extra.json())) continue;
    if (extra.name() == "examples") {
      prompt->set_examples(extra.json());
    } else {
      dropped->push_back(extra.name());
    }
  }
  return std::nullopt;
}

std::optional<Error> ChatMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                              Message* hub) const {
  const auto& answer = static_cast<const wire::GenerateMessageResponse&>(wire);
  auto* out = static_cast<api::ChatCompletion*>(hub);
  if (answer.has_error()) return gemini::ErrorInAnswer(answer.error());
  const std::optional<Blocked> blocked = BlockedIn(answer);
  if (answer.candidates().empty() && !blocked) return NoCandidates();
  out->set_id(AnswerId(facts));
  out->set_object("chat.completion");
  out->set_created(facts.unix_seconds);
  out->set_model(std::string(facts.model));
  for (const wire::Message& candidate : answer.candidates()) {
    api::ChatChoice* const choice = out->add_choices();
    choice->set_index(out->choices_size() - 1);
    choice->mutable_message()->set_role("assistant");
    choice->mutable_message()->mutable_content()->set_text(candidate.content());
    choice->set_finish_reason("stop");
    if (candidate.has_citation_metadata() && !IsEmptyJson(candidate.citation_metadata())) {
      AddExtra("citationMetadata", candidate.citation_metadata(), choice->mutable_message()->mutable_extra());
    }
    CopyExtras(candidate.extra(), choice->mutable_message());
  }
  if (blocked) {
    api::ChatChoice* const choice = out->add_choices();
    choice->set_index(0);
    choice->mutable_message()->set_role("assistant");
    if (!blocked->message.empty()) choice->mutable_message()->set_refusal(blocked->message);
    choice->set_finish_reason("content_filter");
    choice->set_native_finish_reason(blocked->reason);
  }
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::palm
