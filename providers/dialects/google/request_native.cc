// Members of Google's own, from callers who know whom they talk to: at the top of the request, in Google's
// spelling or with `_`, or where Google's OpenAI endpoint takes them, under `extra_body.google`.

#include <algorithm>
#include <array>

#include "providers/dialects/google/request.h"

namespace portolan::providers::gemini {
namespace {

constexpr std::array<std::string_view, 4> kOfRequest = {"cachedContent", "labels", "modelArmorConfig",
                                                        "safetySettings"};
constexpr std::array<std::string_view, 16> kOfGeneration = {
    "audioTimestamp",     "enableAffectiveDialog", "enableEnhancedCivicAnswers",
    "imageConfig",        "mediaResolution",       "modelSelectionConfig",
    "responseFormat",     "responseJsonSchema",    "responseMimeType",
    "responseModalities", "responseSchema",        "routingConfig",
    "speechConfig",       "stopSequences",         "thinkingConfig",
    "translationConfig"};
constexpr std::array<std::string_view, 2> kOfTools = {"includeServerSideToolInvocations", "retrievalConfig"};

bool IsOneOf(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether a message says something under this name already.
template <typename M>
bool Says(const M& message, std::string_view json_name) {
  if (!FindExtra(message.extra(), json_name).empty()) return true;
  const auto* type = M::descriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (CamelCase(field->name()) != json_name) continue;
    const auto* reflection = message.GetReflection();
    return field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                : reflection->HasField(message, field);
  }
  return false;
}

}  // namespace

bool RequestEncoder::EncodeExtras() {
  for (const api::Extra& extra : hub_.extra()) {
    if (IsEmptyJson(extra.json())) continue;
    const MemberPath path{nullptr, extra.name()};
    if (extra.name() != "extra_body" && extra.name() != "google") {
      if (!EncodeNativeMember(extra.name(), extra.json(), path)) return false;
      continue;
    }
    const bool body = extra.name() == "extra_body";
    const MemberPath google = body ? MemberPath{&path, "google"} : path;
    bool ok = true;
    ForEachMember(body ? JsonMember(extra.json(), "google") : std::string_view(extra.json()),
                  [&](std::string_view name, std::string_view json) {
                    ok = ok && EncodeNativeMember(name, json, MemberPath{&google, name});
                  });
    if (!ok) return false;
    ForEachMember(body ? std::string_view(extra.json()) : std::string_view(),
                  [&](std::string_view name, std::string_view) {
                    if (name != "google") Drop(MemberPath{&path, name});
                  });
  }
  return true;
}

bool RequestEncoder::EncodeNativeMember(std::string_view name, std::string_view json,
                                        const MemberPath& path) {
  const std::string own = CamelCase(name);
  if (IsEmptyJson(json)) return true;
  if (IsOneOf(kOfRequest, own)) return AddNative(own, json, path, wire_);
  if (IsOneOf(kOfGeneration, own)) return AddNative(own, json, path, Config());
  if (IsOneOf(kOfTools, own)) return AddNative(own, json, path, wire_->mutable_tool_config());
  if (own != "generationConfig" && own != "toolConfig") {
    Drop(path);
    return true;
  }
  bool ok = true;
  ForEachMember(json, [&](std::string_view member, std::string_view value) {
    const MemberPath inner{&path, member};
    if (!ok || IsEmptyJson(value)) return;
    ok = own == "toolConfig" ? AddNative(CamelCase(member), value, inner, wire_->mutable_tool_config())
                             : AddNative(CamelCase(member), value, inner, Config());
  });
  return ok;
}

template <typename M>
bool RequestEncoder::AddNative(std::string_view name, std::string_view json, const MemberPath& path, M* to) {
  if (Says(*to, name)) {
    return Fail("conflicting_parameters", "the request says the same in another way too, which would be lost",
                path);
  }
  AddExtra(name, std::string(json), to->mutable_extra());
  return true;
}

}  // namespace portolan::providers::gemini
