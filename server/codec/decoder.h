#pragma once

// The engine behind Decode and ApplyEdits. Internal to the codec.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/codec/codec.h"
#include "server/codec/json_reader.h"
#include "server/codec/key_tracker.h"
#include "server/codec/plan.h"
#include "server/codec/wire_edit.h"
#include "server/codec/wire_writer.h"

namespace portolan::codec {

// Turns one text into a message or into protobuf's wire format, or only checks it. Used once.
class Decoder {
 public:
  // All arguments must outlive the decoder. At most one of `out` and `message` is not null; with neither the
  // text is only checked. `message` must not yet hold anything that the text describes.
  Decoder(std::string_view json, const DecodeOptions& options, WireWriter* out, pb::Message* message,
          DecodeError* error)
      : reader_(json, options.max_depth),
        strict_(options.strictness == Strictness::kRequest),
        checks_only_(out == nullptr && message == nullptr),
        spans_(options.spans),
        out_(out),
        message_(message),
        error_(error) {}

  // Decodes the text as a value of `plan`'s type.
  bool DecodeDocument(const MessagePlan& plan);
  // Decodes the text as the value of the member `name` of an object of `plan`'s type, which does not have
  // that member yet.
  bool DecodeMember(const MessagePlan& plan, std::string_view name);
  // After DecodeDocument failed: an answer has something twice, which only decoding to wire format can mend.
  bool needs_wire() const { return needs_wire_; }

 private:
  enum class Outcome : uint8_t {
    kGood,
    kForeign,  // JSON of a shape that the type does not have: the nearest object keeps it verbatim
    kFailed,   // *error_ says why
  };

  // A set of small numbers.
  template <size_t kSize>
  struct BitSet {
    bool Has(size_t at) const { return (words[at / 64] & Bit(at)) != 0; }
    // Returns whether it was there already.
    bool Insert(size_t at) {
      const bool had = Has(at);
      words[at / 64] |= Bit(at);
      return had;
    }
    // Returns whether it was there.
    bool Erase(size_t at) {
      const bool had = Has(at);
      words[at / 64] &= ~Bit(at);
      return had;
    }
    static uint64_t Bit(size_t at) { return uint64_t{1} << (at % 64); }
    uint64_t words[kSize / 64] = {};
  };

  // What has been met so far of one object.
  struct Seen {
    BitSet<MessagePlan::kMaxFields> fields;
    BitSet<MessagePlan::kMaxFields> arms;  // fields of oneofs that are set
    BitSet<MessagePlan::kMaxOneofs> oneofs;
    size_t key_mark = 0;    // in keys_: unknown names
    size_t again_mark = 0;  // in again_
    size_t out_mark = 0;    // in *out_
  };

  Outcome DecodeMessage(const MessagePlan& plan);
  Outcome DecodeObject(const MessagePlan& plan);
  Outcome CloseObject(const MessagePlan& plan, const Seen& seen);
  Outcome DecodeKnown(const MessagePlan& plan, const FieldPlan& field, Seen* seen);
  Outcome DecodeUnion(const MessagePlan& plan);
  const FieldPlan* ChooseArrayArm(const MessagePlan& plan);
  Outcome DecodeDuration(const MessagePlan& plan);

  // Decodes all values of a field. *empty is set if there were none: an empty array or object leaves no other
  // trace.
  Outcome DecodeField(const FieldPlan& field, bool* empty);
  Outcome DecodeArray(const FieldPlan& field, bool* empty);
  Outcome DecodeFreeKeys(const FieldPlan& field, bool* empty);
  Outcome DecodeEntry(const FieldPlan& field, std::string_view key);
  // Decodes one value and sets it, or adds it if the field is repeated.
  Outcome DecodeValue(const FieldPlan& field);
  Outcome DecodeBool(const FieldPlan& field);
  Outcome DecodeNumber(const FieldPlan& field);
  template <typename T>
  Outcome DecodeNumberAs(const FieldPlan& field, std::string_view text, size_t offset);
  Outcome DecodeText(const FieldPlan& field);
  Outcome DecodeRaw(const FieldPlan& field);

  // Keeps the next value verbatim in the sink under `name`.
  Outcome KeepRaw(const MessagePlan& plan, std::string_view name);

  // These write to out_ or message_, whichever there is.
  void WriteTag(const FieldPlan& field);  // REQUIRES: out_ != nullptr
  void WriteText(const FieldPlan& field, std::string_view text);
  template <typename T>
  void WriteNumber(const FieldPlan& field, T value);
  void WriteExtra(const MessagePlan& plan, std::string_view name, std::string_view json);
  void WriteVarint(const FieldPlan& field, uint64_t value);

  // For a value of the wrong type, or one that its type does not have: kFailed in a request, kForeign in an
  // answer.
  Outcome Mismatch(std::string_view expected, JsonType got);
  Outcome Unfit(std::string_view problem, size_t offset);
  Outcome Refuse(std::string_view problem, size_t offset);
  Outcome SyntaxError();
  Outcome NeedsWire();
  // On the way out of an error, puts the name or index that leads to it before its path.
  Outcome Within(std::string_view name);
  Outcome Within(size_t index);
  bool Finish(Outcome outcome);

  JsonReader reader_;
  const bool strict_;
  const bool checks_only_;
  bool needs_wire_ = false;
  std::vector<MemberSpan>* spans_;  // until the outermost object has taken it
  WireWriter* const out_;
  pb::Message* message_;  // what is being filled: the object that is open
  DecodeError* const error_;
  KeyTracker keys_;
  // The fields that occur again in the open objects, and where the later one begins in *out_.
  std::vector<LaterMember> again_;
  std::string name_scratch_;
  std::string scratch_;
};

}  // namespace portolan::codec
