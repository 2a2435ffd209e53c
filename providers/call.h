#pragma once

// What an adapter is told of one call, and what it says of the request to be sent. Values alone: adapters do
// no I/O.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "providers/media.h"
#include "server/base/header.h"
#include "server/base/secret.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace portolan::providers {

using google::protobuf::Message;

class Dialect;
struct Provider;

// An operation is known by its name, which the option `operation` of its rpc gives. These are those that code
// of ours has to know; any other name is as good.
namespace operation {
inline constexpr std::string_view kChat = "chat";
inline constexpr std::string_view kCompletion = "completion";
inline constexpr std::string_view kEmbedding = "embedding";
inline constexpr std::string_view kListModels = "list_models";
inline constexpr std::string_view kGetModel = "get_model";
inline constexpr std::string_view kRerank = "rerank";
inline constexpr std::string_view kCountTokens = "count_tokens";
// Any call that no other operation is, passed on as it is: see providers/relay.h.
inline constexpr std::string_view kRelay = "relay";
}  // namespace operation

// One place that a call may be sent to, with everything resolved that a config or the request's headers said
// about it.
struct Target {
  const Provider* provider = nullptr;
  const Dialect* dialect = nullptr;  // that is spoken there: the provider's, or of the model's family
  std::string base_url;              // the provider's own unless a host was named; no trailing slash
  bool host_from_caller = false;     // base_url is not the provider's own: a config or the request named it
  bool own_host = false;             // base_url is not a built-in one: a caller or the operator named it
  bool checks_address = false;       // only addresses that callers may name are called
  Secret api_key;                    // may be empty: sent without credentials
  // The whole Authorization of the request if its scheme is not Bearer. Goes as it came to hosts that a
  // caller or the operator named, unless api_key takes its place.
  Secret authorization;
  bool key_from_caller = false;  // whose fault a refused key is
  bool key_is_bearer = false;    // the caller, who speaks the provider's dialect, sent api_key as a bearer
  // Provider options by their snake_case names (`openai_organization`, `anthropic_version` …). The values are
  // fit for a header.
  std::vector<HeaderField> options;

  std::string_view option(std::string_view name) const;  // "" if absent
};

// What an adapter may know of the call besides its messages.
struct CallFacts {
  std::string_view operation = operation::kChat;
  std::string_view model = {};  // as the provider will see it; empty if the caller gave none
  bool stream = false;
  bool include_usage = false;   // stream_options.include_usage
  bool content_blocks = false;  // the caller wants ordered content blocks in the answer
  bool base64 = false;          // the caller wants embeddings in base64 (`encoding_format`)
  // The query of the caller's URL without what the gateway itself reads, percent-encoded as it came. Sent to
  // the provider if the form says so.
  std::string_view query = {};
  // Of a call that is relayed: what is called, below the base URL.
  std::string_view raw_method = {};
  std::string_view raw_path = {};
  int64_t unix_seconds = 0;  // now, for `created` where the provider tells no time
  // What the caller asked, as it was decoded in the words of their own dialect; null where that is the
  // hub's. For answers that have to say something of the request again.
  const Message* request = nullptr;
  int64_t input_tokens = -1;  // that the answer's head tells (Accounting::input_header); -1: it does not
  const FetchedMedia* media = nullptr;  // of a form that wants them fetched; null: none were
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

// Token counts as the provider reports them. -1: not reported.
struct TokenUsage {
  int64_t input = -1;
  int64_t output = -1;
  int64_t cached = -1;
  int64_t reasoning = -1;
};

}  // namespace portolan::providers
