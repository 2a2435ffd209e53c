#pragma once

// Text completion (`/v1/completions`) where a provider has chat alone: the text to continue becomes what a
// user says, and what is answered becomes the text. In the hub's words, between the caller and whatever
// mapping the provider's dialect has for chat, so that it is written once for all dialects.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portolan/v1/values.pb.h"
#include "providers/dialect.h"

namespace portolan::providers {

// From portolan.v1.CompletionRequest to the request of a chat, and from its answers to
// portolan.v1.Completion.
class TextByChatMapping : public Mapping {
 public:
  // `chat`: the dialect's mapping, which must outlive this; null where the wire has the hub's own messages.
  explicit TextByChatMapping(const Mapping* chat) : chat_(chat) {}

  std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                     DroppedMembers* dropped) const override;
  std::vector<HeaderField> NeededOptions(const Message& wire) const override;
  std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const override;
  std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const override;

 private:
  const Mapping* const chat_;
};

// The text of a prompt that is one text. Returns an Error (400, with the path) for several, for token ids and
// for none.
std::optional<Error> OneText(const v1::TextInput& prompt, std::string* text);

// How `chat`, the form of a chat, serves text completions: the same call, with a mapping from the hub's
// messages of text completion (portolan.v1.CompletionRequest, Completion) by way of those of chat. Null if
// nobody can call `chat` through a mapping. `is_hub`: the form is of the hub's dialect, and needs none. The
// form that `chat` is a copy of, and its mapping, must outlive it; `chat` itself need not.
std::shared_ptr<const Form> TextByChat(const Form& chat, bool is_hub);

}  // namespace portolan::providers
