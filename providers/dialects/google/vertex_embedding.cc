#include "providers/dialects/google/vertex_embedding.h"

#include <string>
#include <vector>

#include "gemini/v1/embedding.pb.h"
#include "gemini/v1/predict.pb.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/embedding.h"
#include "providers/dialects/google/errors.h"
#include "providers/dialects/google/request.h"
#include "providers/dialects/google/response.h"

namespace portolan::providers::gemini {

std::optional<Error> PredictMapping::RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                                   DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  auto* out = static_cast<wire::PredictRequest*>(wire);
  std::vector<std::string> texts;
  if (auto error = TakeSomeTexts(request.input(), kMostInstances, &texts)) return error;
  const Extras own = OwnMembers(request, dropped);
  const std::string task = JsonText(FindExtra(own, "taskType"));
  const std::string title = JsonText(FindExtra(own, "title"));
  for (std::string& text : texts) {
    wire::PredictInstance* one = out->add_instances();
    one->set_content(std::move(text));
    if (!task.empty()) one->set_task_type(task);
    if (!title.empty()) one->set_title(title);
  }
  if (request.has_dimensions()) {
    AddExtra("outputDimensionality", std::to_string(request.dimensions()),
             out->mutable_parameters()->mutable_extra());
  }
  if (const std::string_view truncate = FindExtra(own, "autoTruncate"); !truncate.empty()) {
    AddExtra("autoTruncate", std::string(truncate), out->mutable_parameters()->mutable_extra());
  }
  return std::nullopt;
}

std::optional<Error> PredictMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                 Message* hub) const {
  const auto& answer = static_cast<const wire::PredictResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  if (answer.has_error()) return ErrorInAnswer(answer.error());
  if (answer.predictions().empty()) return NoEmbeddings();
  out->set_object("list");
  out->set_model(std::string(facts.model));
  double tokens = 0;
  for (const wire::Prediction& from : answer.predictions()) {
    if (from.embeddings().values().empty()) return NoEmbeddings();
    CopyExtras(from.embeddings().extra(), AddVector(from.embeddings().values(), facts, out));
    tokens += from.embeddings().statistics().token_count();
  }
  // Bounded, so that it is a number whatever the answer says.
  SetPromptTokens(tokens > 0 && tokens < 1e15 ? static_cast<int64_t>(tokens) : 0, out);
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

std::optional<Error> EmbedOneMapping::RequestToWire(const Message& hub, const CallFacts&, Message* wire,
                                                    DroppedMembers* dropped) const {
  const auto& request = static_cast<const api::EmbeddingRequest&>(hub);
  auto* out = static_cast<wire::EmbedOneRequest*>(wire);
  std::vector<std::string> texts;
  if (auto error = TakeSomeTexts(request.input(), 1, &texts)) return error;
  const Extras own = OwnMembers(request, dropped);
  out->mutable_content()->add_parts()->set_text(std::move(texts.front()));
  if (request.has_dimensions()) {
    out->mutable_embed_content_config()->set_output_dimensionality(request.dimensions());
  }
  if (!own.empty()) *out->mutable_embed_content_config()->mutable_extra() = own;
  return std::nullopt;
}

std::optional<Error> EmbedOneMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                  Message* hub) const {
  const auto& answer = static_cast<const wire::EmbedOneResponse&>(wire);
  auto* out = static_cast<api::EmbeddingResponse*>(hub);
  if (answer.has_error()) return ErrorInAnswer(answer.error());
  if (answer.embedding().values().empty()) return NoEmbeddings();
  out->set_object("list");
  out->set_model(std::string(facts.model));
  CopyExtras(answer.embedding().extra(), AddVector(answer.embedding().values(), facts, out));
  if (answer.has_usage_metadata()) SetPromptTokens(answer.usage_metadata().prompt_token_count(), out);
  CopyExtras(answer.extra(), out);
  return std::nullopt;
}

}  // namespace portolan::providers::gemini
