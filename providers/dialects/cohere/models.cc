#include "providers/dialects/cohere/models.h"

#include "cohere/v1/model.pb.h"
#include "portolan/v1/model.pb.h"
#include "providers/dialects/common/json.h"

namespace portolan::providers::cohere {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::cohere::v1;

void TranslateModel(const wire::Model& from, api::Model* to) {
  to->set_id(from.name());
  to->set_object("model");
  to->set_created(0);  // not told
  to->set_owned_by("cohere");
  CopyExtras(from.extra(), to);
}

}  // namespace

std::optional<Error> ListModelsMapping::AnswerToHub(const Message& wire, const CallFacts&,
                                                    Message* hub) const {
  const auto& from = static_cast<const wire::ListModelsResponse&>(wire);
  auto* list = static_cast<api::ModelList*>(hub);
  list->set_object("list");
  for (const wire::Model& model : from.models()) TranslateModel(model, list->add_data());
  CopyExtras(from.extra(), list);
  return std::nullopt;
}

std::optional<Error> GetModelMapping::AnswerToHub(const Message& wire, const CallFacts&, Message* hub) const {
  TranslateModel(static_cast<const wire::Model&>(wire), static_cast<api::Model*>(hub));
  return std::nullopt;
}

}  // namespace portolan::providers::cohere
