#pragma once

// JSON to protobuf messages and back, driven by plans compiled from descriptors and the options in
// portolan/options/v1/options.proto. One pass, no intermediate tree, no exceptions.
//
//   std::unique_ptr<Codec> codec = *Codec::Compile(roots);  // the descriptors of what is read and written
//   const MessagePlan* plan = codec->Find(ChatCompletionRequest::descriptor());
//
//   DecodeError error;
//   if (!Decode(*plan, body, {.strictness = Strictness::kRequest}, &request, &error)) return Reply400(error);
//
//   std::string out;
//   Encode(*plan, request, {}, &out);
//
// Guarantees:
//
//   - The whole input is checked to be one JSON value (grammar, depth, UTF-8, escapes), including the parts
//     that are kept verbatim or passed over.
//   - Between Decode and Encode nothing is lost but layout, the spelling of numbers and the order of known
//     members. options.proto says where unknown members, nulls and empty values go.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace portolan::codec {

// The compiled form of one message type. Immutable, thread-safe, owned by the Codec.
class MessagePlan;

// The plans of a set of message types. Immutable, thread-safe.
class Codec {
 public:
  // Compiles plans for `roots` and every type they reach. Fails, naming the type and field, if options
  // contradict each other (a union arm that JSON cannot tell from another, a sink of the wrong shape).
  static absl::StatusOr<std::unique_ptr<Codec>> Compile(
      std::span<const google::protobuf::Descriptor* const> roots);

  ~Codec();
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  // The plan of a type that Compile reached; nullptr for any other.
  const MessagePlan* Find(const google::protobuf::Descriptor* type) const;

 private:
  Codec();
  struct Plans;
  std::unique_ptr<Plans> plans_;
};

enum class Strictness {
  // For what callers send: a known member of the wrong type or a duplicate key is an error.
  kRequest,
  // For what providers send: only text that is not JSON, or nested too deep, is an error. A member of the
  // wrong type goes to the sink of its object; of duplicate keys the last one counts.
  kResponse,
};

// Where one member of the top-level object stands in the text, in bytes from the start of the text.
struct MemberSpan {
  int field_number;      // 0: no field of the message has this name
  uint32_t name_begin;   // at the opening quote of the name
  uint32_t value_begin;  // at the first byte of the value
  uint32_t value_end;    // one past the last byte of the value
};

struct DecodeOptions {
  Strictness strictness = Strictness::kRequest;
  int max_depth = 128;  // of nested objects and arrays
  // If set, is filled with the members of the top-level object, in order.
  std::vector<MemberSpan>* spans = nullptr;
};

struct DecodeError {
  std::string path;       // `messages[2].content[0].image_url.url`; empty for the document itself
  std::string problem;    // `expected a string, got a number`
  size_t offset = 0;      // byte offset in the text
  bool not_json = false;  // the text is no JSON, or too deep, as opposed to JSON of the wrong shape

  // `messages[2].content[0].image_url.url: expected a string, got a number`
  std::string ToString() const;
};

// Decodes `json`, which must be exactly one object (or whatever JSON the plan's type stands for), into
// `*out`, which must be empty and of the plan's type. With `out` null the text is only checked, just as
// strictly. Returns false with `*error` filled in; `*out` is then unspecified. A lone surrogate becomes
// U+FFFD in a typed string and stays as it is in verbatim text.
// REQUIRES: json.size() < 4 GiB.
[[nodiscard]] bool Decode(const MessagePlan& plan, std::string_view json, const DecodeOptions& options,
                          google::protobuf::Message* out, DecodeError* error);

// The same, but appends protobuf's wire format to `*out`: for receivers of bytes, which need no message.
[[nodiscard]] bool DecodeToWire(const MessagePlan& plan, std::string_view json, const DecodeOptions& options,
                                std::string* out, DecodeError* error);

// Merges what DecodeToWire wrote into `*out`, a message of the same type. False, with `*error`, if it is
// larger than 2 GiB or nested too deep for protobuf.
[[nodiscard]] bool ParseWire(std::string_view wire, google::protobuf::Message* out, DecodeError* error);

struct EncodeOptions {
  // The message was composed by Portolan rather than decoded: absent fields marked `emit_null` are written as
  // null.
  bool composed = false;
  // Leave out fields marked `gateway_only`.
  bool for_upstream = false;
  // Lone surrogates in verbatim text become U+FFFD, as in typed strings: most parsers refuse them.
  bool replace_surrogates = false;
};

// Appends the JSON of `message` to `*out`: known members in the order of their fields, then the sink's
// members in theirs.
// REQUIRES: message is of the plan's type and CheckVerbatim holds for it (always so after Decode).
void Encode(const MessagePlan& plan, const google::protobuf::Message& message, const EncodeOptions& options,
            std::string* out);

// Checks the verbatim parts of a message that did not come from Decode but by gRPC: each raw text and each
// sink entry must be exactly one JSON value, no sink entry may have the name of a field that is present, and
// no key may occur twice.
[[nodiscard]] bool CheckVerbatim(const MessagePlan& plan, const google::protobuf::Message& message,
                                 const DecodeOptions& options, DecodeError* error);
// A quick test on a message's bytes: true if it certainly passes CheckVerbatim, as most do; false says
// nothing. REQUIRES: `wire` has been parsed as a message of the plan's type.
[[nodiscard]] bool IsPlainWire(const MessagePlan& plan, std::string_view wire);

}  // namespace portolan::codec
