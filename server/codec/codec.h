#pragma once

// JSON to protobuf messages and back, driven by plans compiled from descriptors and the options in
// portolan/options/v1/options.proto. One pass, no intermediate tree, no exceptions.
//
//   auto codec = Codec::Compile({ChatCompletionRequest::descriptor(), ...});
//   const MessagePlan* plan = codec->Find(ChatCompletionRequest::descriptor());
//   DecodeError error;
//   if (!Decode(*plan, body, {.strictness = Strictness::kRequest}, &request, &error)) return Reply400(error);
//   std::string out;
//   Encode(*plan, request, {}, &out);
//
// What is guaranteed: the whole input is checked to be one JSON value (grammar, depth, UTF-8, escapes), also
// where it is kept verbatim or not looked at; nothing is lost between Decode and Encode but layout, number
// spelling and the order of known members (options.proto says where unknown members, nulls and empties go).

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

// The compiled form of one message type. Immutable, owned by the Codec, safe for any thread.
class MessagePlan;

// Immutable after Compile; safe for any thread.
class Codec {
 public:
  // Compiles plans for `roots` and every type they reach. Fails, naming the type and field, where the options
  // contradict each other (a union arm that JSON cannot tell from another, a sink of the wrong shape).
  static absl::StatusOr<std::unique_ptr<Codec>> Compile(
      std::span<const google::protobuf::Descriptor* const> roots);

  ~Codec();
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  // The plan of a type reached by Compile; nullptr for any other.
  const MessagePlan* Find(const google::protobuf::Descriptor* type) const;

 private:
  Codec();
  struct Plans;
  std::unique_ptr<Plans> plans_;
};

enum class Strictness {
  // What a caller sends: a known member of the wrong type or a duplicate key is an error.
  kRequest,
  // What a provider sends: never fails on shape. A member of the wrong type goes to the sink of the object it
  // stands in, the last of duplicate keys counts. Only text that is not JSON, or is too deep, fails.
  kResponse,
};

// Where one member of the top-level object stands in the text. Offsets are bytes from the start of the text.
struct MemberSpan {
  int field_number;      // 0: no field of the message has this name
  uint32_t name_begin;   // at the opening quote of the name
  uint32_t value_begin;  // at the first byte of the value
  uint32_t value_end;    // one past the last byte of the value
};

struct DecodeOptions {
  Strictness strictness = Strictness::kRequest;
  int max_depth = 128;
  // If set, filled with the members of the top-level object in the order they stand.
  std::vector<MemberSpan>* spans = nullptr;
};

struct DecodeError {
  std::string path;       // `messages[2].content[0].image_url.url`; empty for the document itself
  std::string problem;    // `expected a string, got a number`
  size_t offset = 0;      // byte offset in the text
  bool not_json = false;  // the text itself is wrong, or too deep, rather than what it says

  // `messages[2].content[0].image_url.url: expected a string, got a number`
  std::string ToString() const;
};

// A lone surrogate becomes U+FFFD in a typed string and stays as it is in verbatim text.
//
// Decodes `json`, which must hold exactly one object (or what the plan's type stands for), into `*out`, which
// must be of the plan's type and empty. With `out` null the text is only checked, exactly as strictly, and
// nothing is built. Returns false with `*error` filled; `*out` is then of no use.
// REQUIRES: json.size() < 4 GiB.
[[nodiscard]] bool Decode(const MessagePlan& plan, std::string_view json, const DecodeOptions& options,
                          google::protobuf::Message* out, DecodeError* error);

// The same, into protobuf's wire format, appended to `*out`: for a receiver of bytes, who is spared the
// message.
[[nodiscard]] bool DecodeToWire(const MessagePlan& plan, std::string_view json, const DecodeOptions& options,
                                std::string* out, DecodeError* error);

// Adds to `*out` what DecodeToWire gave for a message of its type.
[[nodiscard]] bool ParseWire(std::string_view wire, google::protobuf::Message* out, DecodeError* error);

struct EncodeOptions {
  // The message was composed by Portolan, not decoded: absent fields marked `emit_null` are written as null.
  bool composed = false;
  // Leave out fields marked `gateway_only`.
  bool for_upstream = false;
  // A lone surrogate in verbatim text becomes U+FFFD, as in typed strings: most parsers refuse it.
  bool replace_surrogates = false;
};

// Appends the JSON of `message` to `*out`: known members in field order, then the sink's members in theirs.
// REQUIRES: message is of the plan's type and CheckVerbatim holds for it (always so after Decode).
void Encode(const MessagePlan& plan, const google::protobuf::Message& message, const EncodeOptions& options,
            std::string* out);

// Checks what a message that did not come from Decode (it came by gRPC) holds verbatim: each raw text and
// each sink entry is exactly one JSON value, no sink entry bears the name of a field that is present, no key
// stands twice.
[[nodiscard]] bool CheckVerbatim(const MessagePlan& plan, const google::protobuf::Message& message,
                                 const DecodeOptions& options, DecodeError* error);
// Whether a message surely passes CheckVerbatim, as most do, by its bytes alone: REQUIRES: they have been
// parsed as a message of the plan's type. False says nothing.
[[nodiscard]] bool IsPlainWire(const MessagePlan& plan, std::string_view wire);

}  // namespace portolan::codec
