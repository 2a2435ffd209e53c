#pragma once

#include "providers/mapping.h"

namespace portolan::providers::rerankers {

// NVIDIA: from portolan.v1.RerankRequest to rerankers.v1.RankRequest, and from rerankers.v1.RankAnswer to
// portolan.v1.RerankResponse. It ranks every passage: `top_n` is named as dropped, and all results come.
//
// Its scores are logits, which go on as they are: whoever else calls it (LiteLLM, LangChain, LlamaIndex)
// passes them on, and thresholds that callers have are made for them. The order is the same either way.
class RankingMapping final : public Mapping {
 public:
  // `model_in_url`: the model is called by its name in URLs, where an underscore stands for a dot, and in the
  // body by its own.
  explicit RankingMapping(bool model_in_url) : model_in_url_(model_in_url) {}

  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;

 private:
  const bool model_in_url_;
};

}  // namespace portolan::providers::rerankers
