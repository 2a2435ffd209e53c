#include "server/core/hook_edits.h"

#include <algorithm>
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
  for (const codec::MemberSpan& member : MembersOf(plan, after)) {
    const std::string_view name = NameOf(after, member);
    const std::string_view value = ValueOf(after, member);
    const bool same = std::any_of(old_members.begin(), old_members.end(), [&](const codec::MemberSpan& old) {
      return NameOf(before, old) == name && ValueOf(before, old) == value;
    });
    if (!same) {
      edits->push_back({codec::Edit::Kind::kSet, codec::StringValue(name), std::string(value)});
    }
  }
}

}  // namespace portolan::core
