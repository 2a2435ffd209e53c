#include "server/core/hook_edits.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "server/codec/string_value.h"

namespace portolan::core {
namespace {

std::vector<codec::MemberSpan> MembersOf(const codec::MessagePlan& plan, std::string_view json) {
  std::vector<codec::MemberSpan> spans;
  codec::DecodeError ignored;
  // Both are good JSON.
  if (!codec::Decode(plan, json, {.strictness = codec::Strictness::kResponse, .spans = &spans}, nullptr,
                     &ignored)) {
    spans.clear();
  }
  return spans;
}

std::string_view NameOf(std::string_view json, const codec::MemberSpan& span) {
  const std::string_view name = json.substr(span.name_begin, span.value_begin - span.name_begin);
  return name.substr(0, name.rfind('"') + 1);
}

std::string_view ValueOf(std::string_view json, const codec::MemberSpan& span) {
  return json.substr(span.value_begin, span.value_end - span.value_begin);
}

}  // namespace

void AddEdits(const codec::MessagePlan& plan, std::string_view before, std::string_view after,
              std::vector<codec::Edit>* edits) {
  const std::vector<codec::MemberSpan> old_members = MembersOf(plan, before);
  const std::vector<codec::MemberSpan> new_members = MembersOf(plan, after);
  for (const codec::MemberSpan& member : new_members) {
    const std::string_view name = NameOf(after, member);
    const std::string_view value = ValueOf(after, member);
    const bool same = std::any_of(old_members.begin(), old_members.end(), [&](const codec::MemberSpan& old) {
      return NameOf(before, old) == name && ValueOf(before, old) == value;
    });
    if (!same) {
      edits->push_back({codec::Edit::Kind::kSet, codec::StringValue(name), std::string(value)});
    }
  }
  for (const codec::MemberSpan& old : old_members) {
    const std::string_view name = NameOf(before, old);
    const bool stays =
        std::any_of(new_members.begin(), new_members.end(),
                    [&](const codec::MemberSpan& member) { return NameOf(after, member) == name; });
    if (!stays) edits->push_back({codec::Edit::Kind::kRemove, codec::StringValue(name), {}});
  }
}

void AddRequestEdits(const codec::MessagePlan& plan, std::string_view before, std::string_view after,
                     std::vector<codec::Edit>* edits) {
  constexpr std::array<std::string_view, 4> kDecided = {"model", "stream", "stream_options", "portolan"};
  std::vector<codec::Edit> all;
  AddEdits(plan, before, after, &all);
  for (codec::Edit& edit : all) {
    const bool decided = std::find(kDecided.begin(), kDecided.end(), edit.name) != kDecided.end();
    if (!decided) edits->push_back(std::move(edit));
  }
}

std::vector<codec::Edit>& RequestEdits(CallState& call) {
  const bool of_door = call.operation.speaks_hub() || call.operation.relays ||
                       call.route.way.kind == providers::Way::Kind::kRelay;
  return of_door ? call.route.edits : call.hook_edits;
}

}  // namespace portolan::core
