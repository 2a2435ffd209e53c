#include "providers/dialects/google/models.h"

#include <string_view>

#include "gemini/v1/model.pb.h"
#include "portolan/v1/model.pb.h"
#include "providers/dialects/common/json.h"

namespace portolan::providers::gemini {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::gemini::v1;

void TranslateModel(const wire::Model& from, api::Model* to) {
  constexpr std::string_view kFolder = "models/";
  std::string_view name = from.name();
  if (name.starts_with(kFolder)) name.remove_prefix(kFolder.size());
  to->set_id(std::string(name));
  to->set_object("model");
  to->set_created(0);  // not told
  to->set_owned_by("google");
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

}  // namespace portolan::providers::gemini
