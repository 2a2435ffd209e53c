#include "providers/dialects/anthropic/response.h"

#include <absl/algorithm/container.h>

#include <utility>

#include "providers/classify.h"
#include "providers/dialects/anthropic/answer_id.h"
#include "providers/dialects/anthropic/errors.h"
#include "providers/dialects/common/json.h"
#include "server/base/utf8.h"

namespace portolan::providers::anthropic {
namespace {

Error NotAMessage() {
  return BrokenAnswer("upstream_invalid_answer", "anthropic answered with something that is not a message");
}

// The OpenAI members follow from the blocks: texts joined to one, tool uses as calls, thinking as reasoning.
void Project(const wire::MessagesResponse& from, api::Message* to) {
  std::string text;
  std::string thinking;
  bool has_text = false;
  // Only what cites counts characters.
  const bool cited = absl::c_any_of(from.content(), [](const api::ContentBlock& block) {
    return !block.citations().list().items().empty();
  });
  int64_t characters = 0;
  for (const api::ContentBlock& block : from.content()) {
    if (block.type() == "text") {
      has_text = true;
      const int64_t begin = characters;
      if (cited) characters += CountUtf8(block.text());
      text += block.text();
      for (const api::Citation& citation : block.citations().list().items()) {
        api::Annotation annotation;
        if (TranslateCitation(citation, begin, characters, &annotation))
          *to->add_annotations() = std::move(annotation);
      }
    } else if (block.type() == "tool_use") {
      api::ToolCall* call = to->add_tool_calls();
      call->set_id(block.id());
      call->set_type("function");
      call->mutable_function()->set_name(block.name());
      call->mutable_function()->set_arguments(block.has_input() ? block.input() : "{}");
    } else if (block.type() == "thinking") {
      thinking += block.thinking();
    }
  }
  if (has_text) to->mutable_content()->set_text(std::move(text));
  if (!thinking.empty()) to->set_reasoning_content(std::move(thinking));
}

}  // namespace

std::optional<Error> DecodeMessage(const wire::MessagesResponse& message, const CallFacts& facts,
                                   api::ChatCompletion* hub) {
  if (message.type() == "error" || (message.has_error() && !message.has_type())) {
    return FromErrorDetail(message.error());
  }
  if (message.type() != "message" && (message.has_type() || message.content().empty())) return NotAMessage();

  hub->set_id(message.id().empty() ? AnswerId(facts) : message.id());
  hub->set_object("chat.completion");
  hub->set_created(facts.unix_seconds);
  hub->set_model(message.model());
  api::ChatChoice* choice = hub->add_choices();
  choice->set_index(0);
  api::Message* out = choice->mutable_message();
  out->set_role("assistant");
  Project(message, out);
  if (facts.content_blocks) *out->mutable_content_blocks() = message.content();
  choice->set_finish_reason(std::string(FinishReason(message.stop_reason(), !out->tool_calls().empty())));
  if (!message.stop_reason().empty() && choice->finish_reason() != message.stop_reason())
    choice->set_native_finish_reason(message.stop_reason());
  if (message.stop_reason() == "refusal" && message.stop_details().has_explanation()) {
    out->set_refusal(message.stop_details().explanation());
  }
  if (message.has_stop_sequence()) choice->set_stop_sequence(message.stop_sequence());
  if (message.has_usage()) {
    TranslateUsage(message.usage(), hub->mutable_usage());
    if (message.usage().has_service_tier()) {
      hub->set_service_tier(std::string(ServiceTier(message.usage().service_tier())));
    }
  }
  CopyExtras(message.extra(), hub);
  return std::nullopt;
}

bool TranslateCitation(const api::Citation& citation, int64_t begin, int64_t end, api::Annotation* out) {
  if (citation.url().empty()) return false;
  out->set_type("url_citation");
  api::UrlCitation* page = out->mutable_url_citation();
  page->set_start_index(begin);
  page->set_end_index(end);
  page->set_url(citation.url());
  page->set_title(citation.title().empty() ? citation.url() : citation.title());
  return true;
}

}  // namespace portolan::providers::anthropic
