#pragma once

#include <optional>

#include "providers/mapping.h"

namespace portolan::providers::watsonx {

// The list of models: watsonx.v1.FoundationModels becomes portolan.v1.ModelList.
class ListModelsMapping final : public Mapping {
 public:
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

// One model: a list that was asked for it alone becomes portolan.v1.Model; 404 if it is not in it.
class GetModelMapping final : public Mapping {
 public:
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
};

}  // namespace portolan::providers::watsonx
