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

namespace portolan::codec {

// Decodes one text. Every `message` may be null: then its text is only checked. Used once.
class Decoder {
 public:
  // All of them must outlive the decoder.
  Decoder(std::string_view json, const DecodeOptions& options, DecodeError* error)
      : reader_(json, options.max_depth),
        strict_(options.strictness == Strictness::kRequest),
        spans_(options.spans),
        error_(error) {}

  // The text is what `plan`'s type stands for.
  bool DecodeDocument(const MessagePlan& plan, pb::Message* message);
  // The text is the value of the member `name` of an object of `plan`'s type, which does not hold it yet.
  bool DecodeMember(const MessagePlan& plan, std::string_view name, pb::Message* message);

 private:
  enum class Outcome : uint8_t {
    kGood,
    kForeign,  // JSON of a shape that the type does not know: the nearest object keeps it verbatim
    kFailed,   // *error_ says why
  };

  // Which members of one object have been met, to find what stands twice.
  struct Seen {
    uint64_t fields[MessagePlan::kMaxFields / 64] = {};
    uint64_t oneofs = 0;
    size_t key_mark = 0;  // unknown names

    bool Insert(size_t field) {
      const uint64_t bit = uint64_t{1} << (field % 64);
      const bool again = (fields[field / 64] & bit) != 0;
      fields[field / 64] |= bit;
      return again;
    }
  };

  Outcome DecodeMessage(const MessagePlan& plan, pb::Message* message);
  Outcome DecodeObject(const MessagePlan& plan, pb::Message* message);
  Outcome CloseObject(const MessagePlan& plan, const Seen& seen, pb::Message* message);
  Outcome DecodeKnown(const MessagePlan& plan, const FieldPlan& field, Seen* seen, pb::Message* message);
  bool IsExcluded(const FieldPlan& field, const pb::Message* message, Seen* seen) const;
  Outcome DecodeUnion(const MessagePlan& plan, pb::Message* message);
  const FieldPlan* ChooseArrayArm(const MessagePlan& plan);
  Outcome DecodeDuration(const MessagePlan& plan, pb::Message* message);

  // All values of a field. *empty tells that there were none: an empty array or object leaves no other trace.
  Outcome DecodeField(const FieldPlan& field, pb::Message* message, bool* empty);
  Outcome DecodeArray(const FieldPlan& field, pb::Message* message, bool* empty);
  Outcome DecodeFreeKeys(const FieldPlan& field, pb::Message* message, bool* empty);
  Outcome DecodeEntry(const FieldPlan& field, std::string_view key, pb::Message* message);
  // One value: set, or added if the field is repeated.
  Outcome DecodeValue(const FieldPlan& field, pb::Message* message);
  Outcome DecodeBool(const FieldPlan& field, pb::Message* message);
  Outcome DecodeNumber(const FieldPlan& field, pb::Message* message);
  template <typename T>
  Outcome DecodeNumberAs(const FieldPlan& field, std::string_view text, size_t offset, pb::Message* message);
  Outcome DecodeText(const FieldPlan& field, pb::Message* message);
  Outcome DecodeRaw(const FieldPlan& field, pb::Message* message);

  // Keeps the next value verbatim in the sink under `name`.
  Outcome KeepRaw(const MessagePlan& plan, std::string_view name, pb::Message* message);
  // Removes what an earlier member of the same name left.
  void Forget(const MessagePlan& plan, const FieldPlan& field, pb::Message* message);

  // A value of the wrong type or with a value that its type does not have: an error in a request, foreign in
  // an answer.
  Outcome Mismatch(std::string_view expected, JsonType got);
  Outcome Unfit(std::string_view problem, size_t offset);
  Outcome Refuse(std::string_view problem, size_t offset);
  Outcome SyntaxError();
  // On the way out of an error: the name or index that leads to it.
  Outcome Within(std::string_view name);
  Outcome Within(size_t index);
  bool Finish(Outcome outcome);

  LoneSurrogate surrogates() const { return strict_ ? LoneSurrogate::kReject : LoneSurrogate::kReplace; }

  JsonReader reader_;
  const bool strict_;
  std::vector<MemberSpan>* spans_;  // until the outermost object has taken it
  DecodeError* const error_;
  KeyTracker keys_;
  std::string name_scratch_;
  std::string scratch_;
};

}  // namespace portolan::codec
