#include "providers/dialects/bedrock/response.h"

#include <utility>
#include <vector>

#include "providers/classify.h"
#include "server/base/utf8.h"

namespace portolan::providers::bedrock {
namespace {

// A block of a kind that is not known, as it came.
std::string OtherJson(const wire::AnswerBlock& block) {
  std::string json = "{";
  for (const api::Extra& extra : block.extra()) {
    if (json.size() > 1) json += ',';
    json.append(JsonString(extra.name())).append(":").append(extra.json());
  }
  return json += '}';
}

// Reads the blocks of a message one by one, into OpenAI's members and into ordered ones.
class BlockReader {
 public:
  BlockReader(bool wants_blocks, api::Message* to) : wants_blocks_(wants_blocks), to_(to) {}

  void Read(const wire::AnswerBlock& block) {
    if (block.has_text()) {
      AddText(block.text());
    } else if (block.has_tool_use()) {
      AddCall(block.tool_use());
    } else if (block.has_reasoning_content()) {
      AddReasoning(block.reasoning_content());
    } else if (block.has_citations_content()) {
      AddCited(block.citations_content());
    } else if (block.has_tool_result()) {
      if (wants_blocks_) TranslateResult(block.tool_result(), to_->add_content_blocks());
    } else if (block.has_image()) {
      images_.push_back(ImageJson(block.image()));
      if (wants_blocks_) TranslateImage(block.image(), to_->add_content_blocks());
    } else {
      others_.push_back(OtherJson(block));
    }
  }

  void Finish() {
    if (has_text_) to_->mutable_content()->set_text(std::move(text_));
    if (!reasoning_.empty()) to_->set_reasoning_content(std::move(reasoning_));
    if (!images_.empty()) AddExtra("images", JsonArrayOf(images_), to_->mutable_extra());
    if (!others_.empty()) AddExtra("other_content", JsonArrayOf(others_), to_->mutable_extra());
  }

 private:
  void AddText(const std::string& text) {
    has_text_ = true;
    text_ += text;
    characters_ += CountUtf8(text);
    if (!wants_blocks_) return;
    api::ContentBlock* block = to_->add_content_blocks();
    block->set_type("text");
    block->set_text(text);
  }

  void AddCall(const wire::ToolUseBlock& from) {
    if (wants_blocks_) TranslateCall(from, to_->add_content_blocks());
    if (IsServerCall(from)) return;
    api::ToolCall* call = to_->add_tool_calls();
    call->set_id(from.tool_use_id());
    call->set_type("function");
    call->mutable_function()->set_name(from.name());
    call->mutable_function()->set_arguments(from.has_input() ? from.input() : "{}");
  }

  void AddReasoning(const wire::ReasoningContent& from) {
    reasoning_ += from.reasoning_text().text();
    if (!wants_blocks_) return;
    api::ContentBlock* block = to_->add_content_blocks();
    if (from.has_redacted_content()) {
      block->set_type("redacted_thinking");
      block->set_data(from.redacted_content());
      return;
    }
    block->set_type("thinking");
    block->set_thinking(from.reasoning_text().text());
    if (from.reasoning_text().has_signature()) block->set_signature(from.reasoning_text().signature());
  }

  // Sources without a text of their own stand behind the text that rests on them.
  void AddCited(const wire::CitationsContent& from) {
    const int64_t begin = characters_;
    std::string text;
    for (const wire::TextBlock& piece : from.content()) text += piece.text();
    if (!text.empty()) AddText(text);
    for (const wire::Citation& citation : from.citations()) {
      api::Annotation annotation;
      if (TranslateAnnotation(citation, begin, characters_, &annotation)) {
        *to_->add_annotations() = std::move(annotation);
      }
      if (!wants_blocks_) continue;
      const bool behind_text =
          !to_->content_blocks().empty() && to_->content_blocks().rbegin()->type() == "text";
      if (!behind_text) to_->add_content_blocks()->set_type("text");
      api::ContentBlock* block = to_->mutable_content_blocks(to_->content_blocks_size() - 1);
      TranslateCitation(citation, block->mutable_citations()->mutable_list()->add_items());
    }
  }

  const bool wants_blocks_;
  api::Message* to_;
  std::string text_;
  std::string reasoning_;
  bool has_text_ = false;
  int64_t characters_ = 0;
  std::vector<std::string> images_;
  std::vector<std::string> others_;  // blocks that are not known
};

}  // namespace

std::optional<Error> DecodeAnswer(const wire::ConverseResponse& answer, const CallFacts& facts,
                                  api::ChatCompletion* hub) {
  if (!answer.output().has_message()) {
    return BrokenAnswer("upstream_invalid_answer", "bedrock answered with something that is not a message");
  }
  hub->set_id(AnswerId(facts));
  hub->set_object("chat.completion");
  hub->set_created(facts.unix_seconds);
  hub->set_model(std::string(facts.model));
  api::ChatChoice* choice = hub->add_choices();
  choice->set_index(0);
  api::Message* message = choice->mutable_message();
  message->set_role("assistant");
  BlockReader reader(facts.content_blocks, message);
  for (const wire::AnswerBlock& block : answer.output().message().content()) reader.Read(block);
  reader.Finish();
  const std::string& reason = answer.stop_reason();
  choice->set_finish_reason(std::string(FinishReason(reason, !message->tool_calls().empty())));
  if (!reason.empty() && choice->finish_reason() != reason) choice->set_native_finish_reason(reason);
  if (answer.has_usage()) TranslateUsage(answer.usage(), hub->mutable_usage());
  if (answer.service_tier().has_type()) hub->set_service_tier(answer.service_tier().type());
  TakeExtras(answer.extra(), hub);
  return std::nullopt;
}

std::string_view FinishReason(std::string_view stop_reason, bool has_calls) {
  if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") return "length";
  if (stop_reason == "guardrail_intervened" || stop_reason == "content_filtered") return "content_filter";
  if (stop_reason == "tool_use") return "tool_calls";
  const bool stop = stop_reason.empty() || stop_reason == "end_turn" || stop_reason == "stop_sequence";
  return stop && has_calls ? "tool_calls" : "stop";
}

std::string AnswerId(const CallFacts& facts) {
  return "chatcmpl-bedrock-" + std::to_string(facts.unix_seconds);
}

void TranslateResult(const wire::AnswerResult& from, api::ContentBlock* to) {
  to->set_type(from.has_type() ? from.type() : "tool_result");
  to->set_tool_use_id(from.tool_use_id());
  if (from.status() == "error") to->set_is_error(true);
  auto* content = to->mutable_content()->mutable_blocks();
  for (const wire::AnswerBlock& item : from.content()) {
    api::ContentBlock* block = content->add_items();
    if (item.has_text()) {
      block->set_type("text");
      block->set_text(item.text());
    } else if (item.has_json()) {
      block->set_type("json");
      AddExtra("json", item.json(), block->mutable_extra());
    } else if (item.has_image()) {
      TranslateImage(item.image(), block);
    } else {
      block->set_type("other");
      AddExtra("other", OtherJson(item), block->mutable_extra());
    }
  }
}

void TranslateCall(const wire::ToolUseBlock& from, api::ContentBlock* to) {
  to->set_type(IsServerCall(from) ? "server_tool_use" : "tool_use");
  to->set_id(from.tool_use_id());
  to->set_name(from.name());
  to->set_input(from.has_input() ? from.input() : "{}");
}

void TranslateImage(const wire::MediaBlock& from, api::ContentBlock* to) {
  to->set_type("image");
  api::MediaSource* source = to->mutable_source()->mutable_media();
  if (from.source().has_s3_location()) {
    source->set_type("url");
    source->set_url(from.source().s3_location().uri());
  } else {
    source->set_type("base64");
    source->set_media_type("image/" + from.format());
    source->set_data(from.source().bytes());
  }
}

bool IsServerCall(const wire::ToolUseBlock& call) { return call.type() == "server_tool_use"; }

std::string ImageJson(const wire::MediaBlock& image) {
  std::string url = image.source().s3_location().uri();
  if (url.empty()) url = "data:image/" + image.format() + ";base64," + image.source().bytes();
  return R"({"type":"image_url","image_url":)" + JsonObjectOfText("url", url) + "}";
}

}  // namespace portolan::providers::bedrock
