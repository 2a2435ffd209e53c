#pragma once

#include <string_view>

#include "providers/mapping.h"

namespace portolan::providers::rerankers {

// What the providers that answer with a list of the best call things.
struct ListWords {
  std::string_view provider = {};  // for people
  bool top_k = false;              // `top_n` is `top_k`
  // Documents are `input` and may be objects, whose `rank_fields` count; `return_documents` is
  // `return_input`. Otherwise they are texts.
  bool input = false;
};

// From portolan.v1.RerankRequest to rerankers.v1.ListRequest, and from rerankers.v1.ListAnswer to
// portolan.v1.RerankResponse.
class ListMapping final : public Mapping {
 public:
  explicit ListMapping(ListWords words) : words_(words) {}

  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;

 private:
  const ListWords words_;
};

}  // namespace portolan::providers::rerankers
