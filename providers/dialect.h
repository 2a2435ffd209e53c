#pragma once

// One wire language and all that belongs to it: how it says each operation, how it says an error, and how
// both are said in the hub's words. The same object serves upstream and at the door.
//
// To add one: a folder under providers/dialects with its forms, a Mapping for each operation that is to be
// translated, and its wire format in proto/<name>/v1; one line in providers/catalog.cc; its tests.
// CONTRIBUTING.md has the steps.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "providers/call.h"
#include "providers/mapping.h"
#include "server/base/error.h"
#include "server/base/header.h"
#include "server/codec/splice.h"

namespace portolan::providers {

struct BodyMedia;

// Where an answer, or an event of a stream, says what the gateway itself needs to know. Field paths: names
// with dots between them, `[]` for every element of a list, `*` for every member that no other path names.
// Paths of one thing that stands now here, now there are separated by `|`.
struct Accounting {
  // The list whose elements are finished one by one (`choices[]`), and where an element says which it is
  // (`choices[].index`). Empty: the answer is finished as a whole.
  std::string_view choices = {};
  std::string_view index = {};
  // Token counts. A later report of one replaces the earlier; several of a kind are added up.
  std::vector<std::string_view> input = {};
  // The header of answers that tells the tokens of the request where the body does not: becomes
  // CallFacts::input_tokens. Of whole answers that are mapped.
  std::string_view input_header = {};
  std::vector<std::string_view> output = {};
  std::vector<std::string_view> cached = {};
  std::vector<std::string_view> reasoning = {};
  // Why the answer ends. A text that is not empty.
  std::vector<std::string_view> finish = {};
  // What a reader would see. Anything but null and what is empty.
  std::vector<std::string_view> content = {};
  std::vector<std::string_view> not_content = {};  // besides a `*`
  // An error. Anything but null.
  std::vector<std::string_view> error = {};
  // The event that ends a stream is the one whose `end_path` is `end_value` (`type`, `message_stop`).
  std::string_view end_path = {};
  std::string_view end_value = {};
  // These very paths, which are the hub's, are written out by hand as well: server/core/hub_scan.h.
  bool by_hand = false;
};

// How a streamed answer is cut into events.
enum class Framing : uint8_t {
  kSse,             // server-sent events (WHATWG HTML, section 9.2)
  kAwsEventStream,  // application/vnd.amazon.eventstream
  kAwsPayload,      // the same, with pieces of server-sent events, or of lines of JSON, in its parts
  kNdjson,          // application/x-ndjson: one JSON value a line
};
// `text/event-stream`: what such answers are called, and asked for by.
std::string_view MediaType(Framing framing);

// How a dialect says one operation.
struct Form {
  std::string_view operation = {};
  // Some hosts of a dialect say an operation in another way (`predict`), which a provider's row asks for by
  // this name. Empty: the usual way.
  std::string_view style = {};
  // Most providers of the dialect lack the operation: only those whose row names it have it.
  bool must_be_named = false;
  // A self-hosted server may have it too, which its owner knows.
  bool own_hosts_may_have_it = false;
  // Only at the provider's own address: other hosts that go by its name speak the dialect's usual form.
  bool only_at_base_url = false;
  std::string_view method = "POST";
  // Taken off the end of the base URL where it ends so: the operation lies beside what is OpenAI's
  // (`/openai`).
  std::string_view without = {};
  // Appended to the base URL. `{model}` stands for the model as one segment, `{model=**}` for one that keeps
  // its slashes, any other `{NAME}` for an option of the provider's, in parameters too. Parameters in it are
  // defaults, which those of the caller's query replace.
  std::string_view path = {};
  std::string_view stream_path = {};  // of a streamed call, if it is another
  // Put before a model that is named without a folder (`models/`): both names mean the same there.
  std::string_view model_folder = {};
  bool passes_query = false;  // the caller's query goes on to the provider
  // Prototypes. Null: the operation has no such body.
  const Message* request = nullptr;
  const Message* answer = nullptr;
  const Message* event = nullptr;
  Framing framing = Framing::kSse;
  // Server-sent events: the data of the event that ends a good stream (`[DONE]`), empty where no data does;
  // and the whole event that is added where a server has left it out.
  std::string_view end = {};
  std::string_view end_event = {};
  Accounting accounting = {};
  // Null: the messages are the hub's own, or the operation can only be relayed.
  const Mapping* mapping = nullptr;
  // The provider takes the bytes of media, not URLs of the web: see Mapping::MediaOf.
  bool fetches_media = false;
  // The same of a body that is relayed, or was translated with its URLs. Null: the URLs go as they are.
  const BodyMedia* body_media = nullptr;
  // Of embeddings: how many texts the provider takes at once; more are sent in parts. 0: any number.
  size_t max_inputs = 0;
  // What a host wants otherwise in the body, in the dialect's own words; `{NAME}`: see body_options.h.
  std::vector<codec::Edit> body_edits = {};
  // The dialect's form of which this is a copy, changed for a host; null: this is the dialect's own.
  const Form* origin = nullptr;
  // Calls are passed on as they are (operation::kRelay). `path` is then where a host has what the caller
  // calls, which `{path}` in it stands for; empty: where the caller says.
  bool raw = false;
  // Of raw calls: those whose path begins with one of these. Empty: all.
  std::vector<std::string_view> raw_paths = {};
  // Of raw calls: behind this the caller's path names the model. Empty: it does not.
  std::string_view raw_model_after = {};
};

// What there is to say about an error besides what the dialect asks for.
struct ErrorPlace {
  std::string_view detail;      // a JSON object for the member `portolan` of the error
  std::string_view request_id;  // the provider's, else the gateway's
};

// The caller's side of a dialect. Immutable, thread-safe.
class Door {
 public:
  virtual ~Door() = default;
  // The full names of the services that its callers call.
  virtual std::span<const std::string_view> services() const = 0;
  // Whom calls go to that name nobody, where the operator has not said otherwise.
  virtual std::string_view default_provider() const = 0;
  // The header in which callers may send a key, besides Authorization; empty: none.
  virtual std::string_view key_header() const { return {}; }
  // A header that only callers of this dialect send; empty: there is none. Tells whose call it is where the
  // path does not.
  virtual std::string_view telling_header() const { return {}; }
  // The header of answers under which the dialect's clients look for the request's id; empty: none but
  // x-request-id.
  virtual std::string_view request_id_header() const { return {}; }
  // Whether callers of this dialect want `content_blocks` in every answer, and the usage of every stream.
  virtual bool wants_blocks() const { return false; }
  // Whether a body is an error in this dialect's own shape, which may pass as it is.
  virtual bool IsError(std::string_view body) const = 0;
  // Appends an error as the body of an answer.
  virtual void WriteError(const Error& error, const ErrorPlace& place, std::string* out) const = 0;
  // Appends an error as the last event of a stream, framing included.
  virtual void WriteErrorEvent(const Error& error, const ErrorPlace& place, std::string* out) const = 0;
};

// Immutable, thread-safe. There is one object of each for the whole process.
class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual std::string_view name() const = 0;
  virtual std::span<const Form> forms() const = 0;
  // Whether its messages are the hub's own, portolan.v1.
  virtual bool is_hub() const { return false; }
  // What an error answer of a provider means. `body` is its text, of any type. The Error has the provider's
  // own message and code if it gives any, and the status that the caller is to see.
  virtual Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                          const Target& target) const = 0;
  // For the hub's dialect: makes of a request in the hub's messages, which hold more than OpenAI's do, one
  // that any provider of this dialect takes. Only for requests that were mapped from another dialect; what
  // callers of this one wrote goes as it is. Returns an Error as Mapping::RequestToWire does.
  virtual std::optional<Error> ToNative(std::string_view operation, const Provider& provider, Message* hub,
                                        DroppedMembers* dropped) const;
  // Null: no caller speaks it.
  virtual const Door* door() const { return nullptr; }

  // Null if the dialect has no such operation, or not in this style.
  const Form* Find(std::string_view operation, std::string_view style = {}) const;
};

}  // namespace portolan::providers
