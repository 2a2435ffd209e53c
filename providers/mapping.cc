#include "providers/mapping.h"

#include <string>

namespace portolan::providers {
namespace {

Error Unsupported(const CallFacts& facts) {
  return Error::InvalidRequest(
      "unsupported_operation",
      "there is no translation of the operation " + std::string(facts.operation) + " for this target");
}

}  // namespace

std::optional<Error> Mapping::RequestToWire(const Message&, const CallFacts& facts, Message*,
                                            DroppedMembers*) const {
  return Unsupported(facts);
}

std::optional<Error> Mapping::AnswerToHub(const Message&, const CallFacts& facts, Message*) const {
  return Unsupported(facts);
}

std::unique_ptr<EventsToHub> Mapping::ReadEvents(const CallFacts&) const { return nullptr; }

std::optional<Error> Mapping::RequestToHub(const Message&, const CallFacts& facts, Message*,
                                           DroppedMembers*) const {
  return Unsupported(facts);
}

void Mapping::AnswerToWire(const Message&, const CallFacts&, Message*) const {}

std::unique_ptr<EventsToWire> Mapping::WriteEvents(const CallFacts&) const { return nullptr; }

}  // namespace portolan::providers
