#include "providers/dialects/mistral/request.h"

#include <algorithm>
#include <string>
#include <utility>

#include "providers/dialects/common/extras.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/common/member_path.h"

namespace portolan::providers::mistral {
namespace {

namespace api = ::portolan::v1;

constexpr char kNoParameters[] = R"({"type":"object","properties":{}})";

// Whether the models that are asked take the reasoning of earlier turns: others may refuse it.
bool AsksToReason(std::string_view model, const api::ChatCompletionRequest& request) {
  if (request.has_reasoning_effort()) return request.reasoning_effort() != "none";
  return JsonText(FindExtra(request.extra(), "prompt_mode")) == "reasoning" ||
         model.find("magistral") != std::string_view::npos;
}

// DocumentURLChunk, or FileChunk, whose members are beside `type`.
void FitFile(api::ContentPart* part) {
  if (!part->file().has_file_id() && !part->file().has_file_data()) return;
  const api::FilePart file = std::move(*part->mutable_file());
  part->clear_file();
  Extras* const members = part->mutable_extra();
  if (file.has_file_id()) {
    SetExtra("file_id", JsonString(file.file_id()), members);
    return;
  }
  RemoveExtra("type", members);
  part->set_type("document_url");
  SetExtra("document_url", JsonString(file.file_data()), members);
  if (file.has_filename()) SetExtra("document_name", JsonString(file.filename()), members);
}

void FitPart(const MemberPath& path, api::ContentPart* part, DroppedMembers* dropped) {
  if (part->has_file()) FitFile(part);
  // A text of base64 alone: the format is told by the bytes.
  if (part->input_audio().has_audio()) {
    std::string data = std::move(*part->mutable_input_audio()->mutable_audio()->mutable_data());
    part->mutable_input_audio()->set_data(std::move(data));
  }
  if (part->has_refusal()) {
    part->set_type("text");
    RemoveExtra("text", part->mutable_extra());
    *part->mutable_text() = std::move(*part->mutable_refusal());
    part->clear_refusal();
  }
  if (part->has_prompt_cache_breakpoint()) {
    part->clear_prompt_cache_breakpoint();
    dropped->push_back(MemberPath{&path, "prompt_cache_breakpoint"}.ToString());
  }
}

void AddThinking(const std::string& reasoning, api::ContentParts* parts) {
  api::ContentPart* const part = parts->add_items();
  part->set_type("thinking");
  AddExtra("thinking", R"([{"type":"text","text":)" + JsonString(reasoning) + "}]", part->mutable_extra());
  AddExtra("closed", "true", part->mutable_extra());
}

bool HasThinking(const api::ContentParts& parts) {
  return std::any_of(parts.items().begin(), parts.items().end(),
                     [](const api::ContentPart& part) { return part.type() == "thinking"; });
}

// An earlier turn goes back as it came: with its reasoning before its text.
void PutReasoningBack(api::Message* message) {
  const std::string reasoning =
      message->reasoning_content().empty() ? message->reasoning() : message->reasoning_content();
  message->clear_reasoning_content();
  message->clear_reasoning();
  if (reasoning.empty() || HasThinking(message->content().parts())) return;
  RemoveExtra("content", message->mutable_extra());  // a null
  api::ContentParts parts;
  AddThinking(reasoning, &parts);
  if (!message->content().text().empty()) {
    api::ContentPart* const text = parts.add_items();
    text->set_type("text");
    text->set_text(message->content().text());
  }
  parts.mutable_items()->MergeFrom(message->content().parts().items());
  *message->mutable_content()->mutable_parts() = std::move(parts);
}

// Parts of text that an answer is expected to repeat: one text there.
void FitPrediction(api::Content* content) {
  if (!content->has_parts()) return;
  std::string text;
  for (const api::ContentPart& part : content->parts().items()) text += part.text();
  content->set_text(std::move(text));
}

// `auto` or `standard_only`, which is what OpenAI's `default` asks for.
void FitServiceTier(api::ChatCompletionRequest* request, DroppedMembers* dropped) {
  const std::string& tier = request->service_tier();
  if (!request->has_service_tier() || tier == "auto" || tier == "standard_only") return;
  if (tier == "default") {
    request->set_service_tier("standard_only");
    return;
  }
  request->clear_service_tier();
  dropped->emplace_back("service_tier");
}

}  // namespace

void FitRequest(std::string_view model, api::ChatCompletionRequest* request, DroppedMembers* dropped) {
  const bool reasons = AsksToReason(model, *request);
  for (int i = 0; i < request->messages_size(); ++i) {
    api::Message* const message = request->mutable_messages(i);
    if (reasons && message->role() == "assistant") PutReasoningBack(message);
    if (!message->content().has_parts()) continue;
    const MemberPath path{nullptr, "messages", i};
    auto* const parts = message->mutable_content()->mutable_parts()->mutable_items();
    for (int k = 0; k < parts->size(); ++k) {
      FitPart(MemberPath{&path, "content", k}, parts->Mutable(k), dropped);
    }
  }
  for (api::Tool& tool : *request->mutable_tools()) {
    if (tool.has_function() && tool.function().parameters().empty()) {
      RemoveExtra("parameters", tool.mutable_function()->mutable_extra());  // a null
      tool.mutable_function()->set_parameters(kNoParameters);
    }
  }
  if (request->prediction().has_content()) FitPrediction(request->mutable_prediction()->mutable_content());
  FitServiceTier(request, dropped);
}

void TakeVersionOff(std::string* model) { model->resize(std::min(model->find('@'), model->size())); }

}  // namespace portolan::providers::mistral
