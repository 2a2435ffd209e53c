#include "providers/dialects/watsonx/models.h"

#include <string>

#include "portolan/v1/model.pb.h"
#include "providers/dialects/common/json.h"
#include "watsonx/v1/model.pb.h"

namespace portolan::providers::watsonx {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::watsonx::v1;

void TranslateModel(const wire::FoundationModel& from, api::Model* to) {
  to->set_id(from.model_id());
  to->set_object("model");
  to->set_created(0);  // not told
  to->set_owned_by(from.provider());
  CopyExtras(from.extra(), to);
}

}  // namespace

std::optional<Error> ListModelsMapping::AnswerToHub(const Message& wire, const CallFacts&,
                                                    Message* hub) const {
  const auto& from = static_cast<const wire::FoundationModels&>(wire);
  auto* list = static_cast<api::ModelList*>(hub);
  list->set_object("list");
  for (const wire::FoundationModel& model : from.resources()) TranslateModel(model, list->add_data());
  CopyExtras(from.extra(), list);
  return std::nullopt;
}

std::optional<Error> GetModelMapping::AnswerToHub(const Message& wire, const CallFacts& facts,
                                                  Message* hub) const {
  for (const wire::FoundationModel& model : static_cast<const wire::FoundationModels&>(wire).resources()) {
    if (model.model_id() != facts.model) continue;
    TranslateModel(model, static_cast<api::Model*>(hub));
    return std::nullopt;
  }
  Error error =
      Error::InvalidRequest("model_not_found", "watsonx has no model " + JsonString(facts.model), "model");
  error.http_status = 404;
  return error;
}

}  // namespace portolan::providers::watsonx
