#pragma once

// How one operation of a dialect is said in the hub's messages (portolan.v1), and the other way round.
//
// A mapping has two halves. The first serves providers that speak the dialect: the gateway calls them. The
// second serves callers that speak it: they call the gateway. Any caller reaches any provider by way of the
// hub, so that no pair of dialects is ever written.

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "providers/call.h"
#include "server/base/error.h"

namespace portolan::providers {

// Receives the hub's chunks that a provider's events come to.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  // Adds an empty message of the hub's chunk type, valid until the batch has been written.
  virtual Message* Add() = 0;
};

// Receives the events that the hub's chunks come to.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // Adds an empty message of the form's event type, valid until the batch has been written. `name` is that of
  // the event (`message_start`), empty where events have none; must be static.
  virtual Message* Add(std::string_view name) = 0;
};

// Reads one streamed answer of a provider. One per call; not thread-safe.
class EventsToHub {
 public:
  virtual ~EventsToHub() = default;

  // kIdle: the event says only that the provider is alive, which is passed on to the caller.
  enum class State : uint8_t { kMore, kIdle, kDone };
  // Takes one event, decoded into the form's event type, and adds what the caller is to see, in the hub's
  // chunks. Returns an Error for an error event; nothing may follow it.
  virtual std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) = 0;
  // The upstream ended. Returns an Error if the answer is not complete.
  virtual std::optional<Error> OnEnd(MessageSink& out) = 0;
  // The tokens reported so far, for the gateway's own count, whether or not the caller asked to see them.
  virtual TokenUsage Tokens() const = 0;
};

// Says one streamed answer to a caller. One per call; not thread-safe.
class EventsToWire {
 public:
  virtual ~EventsToWire() = default;
  // Takes one chunk of the hub and adds the events that it comes to, of the form's event type.
  virtual void OnChunk(const Message& chunk, EventSink& out) = 0;
  // The answer is complete: adds what is still missing, its end included.
  virtual void OnEnd(EventSink& out) = 0;
};

// Stateless, thread-safe. `hub` is a message of the operation's hub type, `wire` one of the form's.
class Mapping {
 public:
  virtual ~Mapping() = default;

  // Which halves there are.
  virtual bool serves_providers() const { return true; }
  virtual bool serves_callers() const { return false; }

  // For providers. Fills the empty `wire`; not called where the form has no request. Returns an Error (400,
  // with the path in `param`) for a member that the dialect does not have and whose loss would change the
  // meaning of the answer.
  virtual std::optional<Error> RequestToWire(const Message& hub, const CallFacts& facts, Message* wire,
                                             DroppedMembers* dropped) const;
  // For providers whose form says `fetches_media`: what `hub` names by URLs of the web, which is fetched
  // before RequestToWire is called, and is in CallFacts::media then.
  virtual std::vector<MediaReference> MediaOf(const Message& /*hub*/) const { return {}; }
  // Fills the empty `hub` from a good answer. Returns an Error if it cannot be understood, or is an error.
  virtual std::optional<Error> AnswerToHub(const Message& wire, const CallFacts& facts, Message* hub) const;
  // nullptr: there are no streams.
  virtual std::unique_ptr<EventsToHub> ReadEvents(const CallFacts& facts) const;

  // For callers. Fills the empty `hub`. Returns an Error (400, with the path in `param`) for a member that
  // the hub has no word for and whose loss would change the meaning of the answer.
  virtual std::optional<Error> RequestToHub(const Message& wire, const CallFacts& facts, Message* hub,
                                            DroppedMembers* dropped) const;
  // Fills the empty `wire`. `facts` are those of the call; the answer's own model may be another.
  virtual void AnswerToWire(const Message& hub, const CallFacts& facts, Message* wire) const;
  virtual std::unique_ptr<EventsToWire> WriteEvents(const CallFacts& facts) const;

  // For providers. The options of the provider's that `wire`, made by RequestToWire, needs: these go instead
  // of what the caller, the route or the provider's row says (a version of the API that takes its members).
  virtual std::vector<HeaderField> NeededOptions(const Message& /*wire*/) const { return {}; }
};

}  // namespace portolan::providers
