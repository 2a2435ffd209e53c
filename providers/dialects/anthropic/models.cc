#include "providers/dialects/anthropic/models.h"

#include "anthropic/v1/models.pb.h"
#include "portolan/v1/model.pb.h"
#include "providers/dialects/anthropic/response.h"
#include "providers/dialects/common/json.h"
#include "providers/retry_after.h"

namespace portolan::providers::anthropic {
namespace {

void TranslateModel(const wire::Model& from, api::Model* to) {
  to->set_id(from.id());
  to->set_object("model");
  to->set_created(ParseTimestamp(from.created_at()).value_or(0));
  to->set_owned_by("anthropic");
  CopyExtras(from.extra(), to);
}

}  // namespace

std::optional<Error> ListModelsMapping::AnswerToHub(const Message& wire, const CallFacts&,
                                                    Message* hub) const {
  auto* list = static_cast<api::ModelList*>(hub);
  list->set_object("list");
  for (const wire::Model& model : static_cast<const wire::ListModelsResponse&>(wire).data()) {
    TranslateModel(model, list->add_data());
  }
  return std::nullopt;
}

std::optional<Error> GetModelMapping::AnswerToHub(const Message& wire, const CallFacts&, Message* hub) const {
  TranslateModel(static_cast<const wire::Model&>(wire), static_cast<api::Model*>(hub));
  return std::nullopt;
}

}  // namespace portolan::providers::anthropic
