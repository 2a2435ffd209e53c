#pragma once

// What Portolan knows about a provider: where it is, the shape of what it speaks, and how its errors are to
// be read. Everything here is a pure function of its arguments: no socket, no clock, no thread, no JSON text.
// That is what makes a provider testable with recorded messages on a table.
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
std::string_view ToString(
    Operation operation);  // `chat`, `completion`, `embedding`, `list_models`, `get_model`

class Provider;

// One place a call may be sent to, resolved: what a config's leaf or the request's headers said.
struct Target {
  const Provider* provider = nullptr;
  std::string base_url;           // the provider's own unless the caller named a host; no trailing slash
  bool host_from_caller = false;  // base_url is not the provider's own: a config or the request named it
  bool host_trusted = false;      // who named it is the operator
  bool own_host = false;          // base_url is no provider's: a caller or the operator named it
  Secret api_key;                 // may be empty: sent without credentials
  // The whole Authorization of the request where it has another scheme than Bearer: for own hosts, as it
  // came, unless api_key takes its place.
  Secret authorization;
  bool key_from_caller = false;  // whose fault a refused key is
  // Provider options by their snake_case names (`openai_organization`, `anthropic_version` …), values checked
  // to be fit for a header.
  std::vector<HeaderField> options;

  std::string_view option(std::string_view name) const;  // "" if absent
};

// What an adapter may know of the call besides its messages.
struct CallFacts {
  Operation operation = Operation::kChat;
  std::string_view model;  // as the provider is to see it; empty if the caller gave none
  bool stream = false;
  bool include_usage = false;   // stream_options.include_usage
  bool content_blocks = false;  // the caller wants ordered content blocks in the answer
  // Of the caller's URL, what the gateway does not read itself, percent-encoded as it came: for the provider,
  // where the operation is a GET.
  std::string_view query;
  int64_t unix_seconds = 0;  // now, for `created` where the provider tells no time
};

// The head of an upstream request. The driver adds Host, Content-Length and whatever the header table lets
// through.
struct HttpCall {
  std::string_view method = "POST";
  std::string path;                  // appended to the path of base_url; starts with `/`; with query
  std::vector<HeaderField> headers;  // credentials and what the API demands
};

// Members of the request that the target cannot take and whose loss does not change the meaning of the
// answer: named to the caller in a header. Paths as in DecodeError (`logit_bias`, `messages[1].name`).
using DroppedMembers = std::vector<std::string>;

// Receives what a stream translator composes.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  // A new, empty message of the hub's chunk type; it lives until the batch has been written.
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

  // kIdle: the event says nothing but that the provider is alive, which the caller is to be shown.
  enum class State : uint8_t { kMore, kIdle, kDone };
  // Takes one event (decoded into the translator's event type) and adds what the caller is to see. Returns an
  // Error for an error event; nothing may follow it.
  virtual std::optional<Error> OnEvent(const Message& event, MessageSink& out, State* state) = 0;
  // The upstream ended. Returns an Error if the answer is not complete.
  virtual std::optional<Error> OnEnd(MessageSink& out) = 0;
  // What has been reported so far, whether or not the caller asked to see it: the gateway counts it.
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

  // Fills `wire` from the hub's request. Returns an Error (400, with the path in `param`) for what would
  // change the meaning of the answer if it were dropped.
  virtual std::optional<Error> EncodeRequest(const Message& hub, const CallFacts& facts, Message* wire,
                                             DroppedMembers* dropped) const = 0;
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
  // Its address is one that the operator has named, not the provider's own.
  virtual bool is_operators_own() const { return false; }
  // Whether the server at its address takes `stream_options`, so that it can be asked to count the tokens of
  // a stream whether or not the caller wants to see them.
  virtual bool takes_stream_options() const { return false; }
  // The environment variables that may hold its key, in order of preference.
  virtual std::span<const std::string_view> key_variables() const = 0;
  // The request header that carries a key in this dialect besides Authorization (`x-api-key`); empty if none.
  virtual std::string_view key_header() const { return {}; }
  // Option names it reads from headers (`x-portkey-openai-organization`) or a config.
  virtual std::span<const std::string_view> option_names() const = 0;

  // WHERE
  virtual std::optional<Error> Locate(const CallFacts& facts, const Target& target, HttpCall* call) const = 0;
  // SHAPE
  virtual Shape shape(Operation operation) const = 0;
  virtual const LocalProvider* local() const { return nullptr; }
  // CLASSIFY: what an error answer means. `body` is its text, of any type. The message and code are the
  // provider's own where it has any; the status is what the caller is to see.
  virtual Error Classify(int http_status, std::span<const HeaderView> headers, std::string_view body,
                         const Target& target) const = 0;
};

// A provider inside the process. It does no I/O either: it says what to answer and how long to wait before.
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
    // The next step; with kMessage, *out (empty, of the response or chunk type) is filled.
    virtual Step Next(Message* out) = 0;
  };
  // `request` is the hub's request and outlives the answer.
  virtual std::unique_ptr<Answer> Start(const CallFacts& facts, const Message& request) const = 0;
};

}  // namespace portolan::providers
