#include "providers/provider.h"

namespace portolan::providers {

std::string_view ToString(Operation operation) {
  switch (operation) {
    case Operation::kChat:
      return "chat";
    case Operation::kCompletion:
      return "completion";
    case Operation::kEmbedding:
      return "embedding";
    case Operation::kListModels:
      return "list_models";
    case Operation::kGetModel:
      return "get_model";
  }
  return "unknown";
}

std::string_view Target::option(std::string_view name) const {
  for (const HeaderField& field : options) {
    if (field.name == name) return field.value;
  }
  return {};
}

}  // namespace portolan::providers
