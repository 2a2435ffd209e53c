#pragma once

// What Portolan knows about a provider: where it is, the shape of what it speaks, and how its errors are to
// be read. Everything here is a pure function of its arguments: no socket, no clock, no thread. That makes a
// provider testable with recorded messages. Messages are typed, in both directions; only error bodies come as
// text.
//
// To add a provider that speaks OpenAI's dialect: one row in providers/openai/table.cc.
// To add a dialect: a folder here with a Provider and a Translator per operation, its wire format in
// proto/<name>/v1, one line in providers/registry.cc, and its tests. CONTRIBUTING.md has the steps.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/error.h"
#include "server/base/header.h"
#include "server/base/secret.h"

namespace google::protobuf {
class Arena;
class Message;
}  // namespace google::protobuf

namespace portolan::providers {

using google::protobuf::Message;

enum class Operation : uint8_t { kChat, kCompletion, kEmbedding, kListModels, kGetModel };
inline constexpr int kOperationCount = 5;
// `chat`, `completion`, `embedding`, `list_models`, `get_model`.
std::string_view ToString(Operation operation);

class Provider;

// One place that a call may be sent to, with everything resolved that a config or the request's headers said
// about it.
struct Target {
  const Provider* provider = nullptr;
  std::string base_url;           // the provider's own unless a host was named; no trailing slash
  bool host_from_caller = false;  // base_url is not the provider's own: a config or the request named it
  bool host_trusted = false;      // the operator named that host
  bool own_host = false;          // base_url is not a built-in one: a caller or the operator named it
  Secret api_key;                 // may be empty: sent without credentials
  // The whole Authorization of the request if its scheme is not Bearer. Goes as it came to hosts that a
  // caller or the operator named, unless api_key takes its place.
  Secret authorization;
  bool key_from_caller = false;  // whose fault a refused key is
  // Provider options by their snake_case names (`openai_organization`, `anthropic_version` …). The values are
  // fit for a header.
  std::vector<HeaderField> options;

  std::string_view option(std::string_view name) const;  // "" if absent
};

// What a provider may know of the call besides its messages.
struct CallFacts {
  Operation operation = Operation::kChat;
  std::string_view model;  // as the provider will see it; empty if the caller gave none
  bool stream = false;
  bool include_usage = false;   // stream_options.include_usage
  bool content_blocks = false;  // the caller wants ordered content blocks in the answer
  // The query of the caller's URL without what the gateway itself reads, percent-encoded as it came. Sent to
  // the provider if the operation is a GET.
  std::string_view query;
  int64_t unix_seconds = 0;  // now, for `created` where the provider tells no time
};

// The head of an upstream request. Host, Content-Length and whatever the header table lets through are added
// later.
struct HttpCall {
  std::string_view method = "POST";
  std::string path;                  // appended to the path of base_url; starts with `/`; with query
  std::vector<HeaderField> headers;  // credentials and what the API demands
};

// Paths (`logit_bias`, `messages[1].name`) of members of the request that the target cannot take and whose
// loss does not change the meaning of the answer. They are named to the caller in a header.
using DroppedMembers = std::vector<std::string>;

// Receives what a stream translator composes.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  // Adds an empty message of the hub's chunk type, valid until the batch has been written.
  virtual Message* Add() = 0;
};

// Token counts as the provider reports them. -1: not reported.
struct TokenUsage {
  int64_t input = -1;
  int64_t output = -1;
  int64_t cached = -1;
  int64_t reasoning = -1;
};

// Translates one streamed answer. One per call; not thread-safe.
class StreamTranslator {
 public:
  virtual ~StreamTranslator() = default;

  // kIdle: the event says only that the provider is alive, which is passed on to the caller.
  enum class State : uint8_t { kMore, kIdle, kDone };
  // Takes one event, decoded into the translator's event type, and adds what the caller is to see. Returns an
  // Error for an error event; nothing may follow it.
  virtual std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) = 0;
  // The upstream ended. Returns an Error if the answer is not complete.
  virtual std::optional<Error> OnEnd(MessageSink& out) = 0;
  // The tokens reported so far, for the gateway's own count, whether or not the caller asked to see them.
  virtual TokenUsage Tokens() const = 0;
};

// Maps one operation between the hub (portolan.v1) and a dialect. Stateless, thread-safe.
class Translator {
 public:
  virtual ~Translator() = default;

  // Prototypes of the dialect's messages. nullptr where the operation has none (a GET has no body).
  virtual const Message* request_type() const = 0;
  virtual const Message* response_type() const = 0;
  virtual const Message* event_type() const { return nullptr; }

  // Fills `wire` from the hub's request. Returns an Error (400, with the path in `param`) for a member that
  // the dialect does not have and whose loss would change the meaning of the answer.
  virtual std::optional<Error> EncodeRequest(const Message& hub, const CallFacts& facts, Message* wire,
                                             DroppedMembers* dropped) const = 0;
  // Fills `hub` from a good answer. Returns an Error if it cannot be understood.
  virtual std::optional<Error> DecodeResponse(const Message& wire, const CallFacts& facts,
                                              Message* hub) const = 0;
  virtual std::unique_ptr<StreamTranslator> NewStream(const CallFacts& facts) const = 0;
};

// How an operation is carried out.
struct Shape {
  enum class Kind : uint8_t {
    kUnsupported,
    kHub,         // the provider speaks the hub's dialect: bytes are relayed
    kTranslated,  // through `translator`
    kLocal,       // answered in the process, see LocalProvider
  };
  Kind kind = Kind::kUnsupported;
  const Translator* translator = nullptr;
};

class LocalProvider;

// Immutable, thread-safe.
class Provider {
 public:
  virtual ~Provider() = default;

  virtual std::string_view name() const = 0;
  virtual std::string_view default_base_url() const = 0;
  // Whether the operator defined this provider, with an address of their own.
  virtual bool is_operators_own() const { return false; }
  // Whether the server at its address takes `stream_options`, so that it can be asked to count the tokens of
  // a stream whether or not the caller wants to see them.
  virtual bool takes_stream_options() const { return false; }
  // The environment variables that may hold its key, in order of preference.
  virtual std::span<const std::string_view> key_variables() const = 0;
  // The request header that carries a key in this dialect besides Authorization (`x-api-key`); empty if none.
  virtual std::string_view key_header() const { return {}; }
  // The options that it reads from headers (`x-portkey-openai-organization`) or a config, by their snake_case
  // names.
  virtual std::span<const std::string_view> option_names() const = 0;

  // WHERE: fills in *call for `target`. Fails if the operation cannot be called there.
  virtual std::optional<Error> Locate(const CallFacts& facts, const Target& target, HttpCall* call) const = 0;
  // SHAPE: how the operation is carried out.
  virtual Shape shape(Operation operation) const = 0;
  virtual const LocalProvider* local() const { return nullptr; }
  // CLASSIFY: what an error answer means. `body` is its text, of any type. The Error has the provider's own
  // message and code if it gives any, and the status that the caller is to see.
  virtual Error Classify(int http_status, std::span<const HeaderView> headers, std::string_view body,
                         const Target& target) const = 0;
};

// A provider inside the process. It does no I/O either: it says what to answer and how long to wait first.
class LocalProvider {
 public:
  virtual ~LocalProvider() = default;

  struct Step {
    enum class Kind : uint8_t { kMessage, kError, kCut, kEnd };
    Kind kind = Kind::kEnd;
    std::chrono::milliseconds delay{0};  // before this step
    Error error;                         // kError
  };
  class Answer {
   public:
    virtual ~Answer() = default;
    // The next step. For kMessage it fills *out, which is empty and of the response or chunk type.
    virtual Step Next(Message* out) = 0;
  };
  // `request` is the hub's request and outlives the answer.
  virtual std::unique_ptr<Answer> Start(const CallFacts& facts, const Message& request) const = 0;
};

}  // namespace portolan::providers
