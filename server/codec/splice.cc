#include "server/codec/splice.h"

#include "absl/container/inlined_vector.h"
#include "server/codec/edits.h"
#include "server/codec/json_reader.h"
#include "server/codec/json_string.h"
#include "server/codec/plan.h"

namespace portolan::codec {
namespace {

class Splicer {
 public:
  Splicer(std::string_view json, std::span<const MemberSpan> spans, GatherList* out)
      : json_(json), spans_(spans), out_(out) {}

  void ChooseEdits(std::span<const Edit> edits, const MessagePlan& plan);
  void Run();

 private:
  struct Target {
    const Edit* edit;
    int field_number;  // 0: no field of the message has this name
    bool placed;       // a member of the text has it
  };

  const Edit* EditOf(const MemberSpan& span);
  std::string_view NameOf(const MemberSpan& span, std::string* scratch) const;
  void CopyMember(size_t index);
  void AppendAbsent();
  void AppendName(std::string_view name);
  void Put(std::string_view piece) {
    if (!piece.empty()) out_->push_back(piece);
  }
  // Puts what is kept but not yet put; what follows begins at `next`.
  void Flush(size_t next) {
    Put(json_.substr(from_, upto_ - from_));
    from_ = upto_ = next;
  }

  const std::string_view json_;
  const std::span<const MemberSpan> spans_;
  GatherList* const out_;
  absl::InlinedVector<Target, 12> targets_;
  absl::InlinedVector<const Edit*, 48> actions_;  // by span: its edit, nullptr if it stays as it is
  // The text in [from_, upto_) is kept and still to be put.
  size_t from_ = 0;
  size_t upto_ = 0;
  bool kept_any_ = false;
};

void Splicer::ChooseEdits(std::span<const Edit> edits, const MessagePlan& plan) {
  for (size_t i = 0; i < edits.size(); ++i) {
    if (IsOverruled(edits, i)) continue;
    const FieldPlan* field = plan.Lookup(edits[i].name);
    targets_.push_back({&edits[i], field == nullptr ? 0 : field->field->number(), false});
  }
  actions_.resize(spans_.size());
  // From the end: of a name that stands twice, as it may in an answer, the last counts.
  for (size_t i = spans_.size(); i-- > 0;) actions_[i] = EditOf(spans_[i]);
}

const Edit* Splicer::EditOf(const MemberSpan& span) {
  std::string scratch;
  std::string_view name;
  for (Target& target : targets_) {
    if (target.field_number != span.field_number) continue;
    if (span.field_number == 0) {
      if (name.data() == nullptr) name = NameOf(span, &scratch);
      if (name != target.edit->name) continue;
    }
    if (target.edit->kind == Edit::Kind::kSet && target.placed) return nullptr;
    target.placed = true;
    return target.edit;
  }
  return nullptr;
}

std::string_view Splicer::NameOf(const MemberSpan& span, std::string* scratch) const {
  std::string_view name;
  JsonReader reader(json_.substr(span.name_begin, span.value_begin - span.name_begin));
  reader.ReadString(&name, scratch, LoneSurrogate::kReplace);
  return name;
}

void Splicer::Run() {
  for (size_t i = 0; i < spans_.size(); ++i) CopyMember(i);
  if (spans_.empty()) {
    upto_ = json_.find('{') + 1;
    Flush(upto_);
  } else {
    // If nothing is left, what stands between the first and the last member goes with them.
    Flush(kept_any_ ? upto_ : spans_.back().value_end);
  }
  AppendAbsent();
  upto_ = json_.size();
  Flush(upto_);
}

void Splicer::CopyMember(size_t index) {
  const MemberSpan& span = spans_[index];
  const Edit* const edit = actions_[index];
  if (edit != nullptr && edit->kind == Edit::Kind::kRemove) {
    if (kept_any_) {
      // The cut begins where the last kept member ends, so that the comma goes too.
      Flush(span.value_end);
    } else {
      // The first member that is kept will take the place of the first that was there.
      upto_ = spans_[0].name_begin;
    }
    return;
  }
  if (!kept_any_ && index != 0) Flush(span.name_begin);
  kept_any_ = true;
  if (edit != nullptr) {
    upto_ = span.value_begin;
    Flush(span.value_end);
    Put(edit->json);
  }
  upto_ = span.value_end;
}

void Splicer::AppendAbsent() {
  bool comma = kept_any_;
  for (const Target& target : targets_) {
    if (target.placed || target.edit->kind == Edit::Kind::kRemove) continue;
    if (comma) Put(",");
    AppendName(target.edit->name);
    Put(":");
    Put(target.edit->json);
    comma = true;
  }
}

void Splicer::AppendName(std::string_view name) {
  Put("\"");
  const char* p = name.data();
  const char* const end = p + name.size();
  for (const char* stop = FindStringStop(p, end); stop != end; stop = FindStringStop(p, end)) {
    Put(std::string_view(p, static_cast<size_t>(stop - p)));
    Put(EscapeOf(*stop));
    p = stop + 1;
  }
  Put(std::string_view(p, static_cast<size_t>(end - p)));
  Put("\"");
}

}  // namespace

bool IsOverruled(std::span<const Edit> edits, size_t index) {
  for (size_t later = index + 1; later < edits.size(); ++later) {
    if (edits[later].name == edits[index].name) return true;
  }
  return false;
}

void Splice(std::string_view json, std::span<const MemberSpan> spans, std::span<const Edit> edits,
            const MessagePlan& plan, GatherList* out) {
  if (edits.empty()) {
    if (!json.empty()) out->push_back(json);
    return;
  }
  Splicer splicer(json, spans, out);
  splicer.ChooseEdits(edits, plan);
  splicer.Run();
}

}  // namespace portolan::codec
