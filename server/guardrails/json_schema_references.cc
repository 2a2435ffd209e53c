// What `$id`, `$anchor`, `$ref` and their kin mean (core, sections 8.2 and 9).

#include <charconv>

#include "server/base/text.h"
#include "server/guardrails/json_schema_compile.h"
#include "server/guardrails/uri.h"

namespace portolan::guardrails::schema {
namespace {

// Takes the next token off a JSON pointer and unescapes it.
std::string TakeToken(std::string_view* pointer) {
  pointer->remove_prefix(1);
  const size_t end = pointer->find('/');
  const std::string_view raw = pointer->substr(0, end);
  pointer->remove_prefix(end == std::string_view::npos ? pointer->size() : end);
  std::string token;
  for (size_t i = 0; i < raw.size(); ++i) {
    const bool escaped = raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1');
    token += escaped ? (raw[++i] == '0' ? '~' : '/') : raw[i];
  }
  return token;
}

const Json* Step(const Json& json, const std::string& token) {
  if (json.is_object()) {
    const auto found = json.find(token);
    return found == json.end() ? nullptr : &*found;
  }
  if (!json.is_array()) return nullptr;
  size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size() || index >= json.size()) return nullptr;
  return &json[index];
}

constexpr std::string_view kLeadsNowhere = "leads to nothing within this schema; others are not fetched";

}  // namespace

bool Compiler::EnterResource(const Json& json, const std::string& path, int* resource) {
  std::string id;
  if (!ReadName(json, "$id", path, &id)) return false;
  if (id.ends_with('#')) id.pop_back();
  if (id.find('#') != std::string::npos) return Fail(path + "/$id", "$id has a fragment");
  const std::string uri = ResolveUri(places_[static_cast<size_t>(*resource)].uri, id);
  if (&json == &document_) {
    places_[0].uri = uri;
    return true;
  }
  for (const Place& place : places_) {
    if (place.uri == uri) return Fail(path + "/$id", "another schema has this $id");
  }
  *resource = static_cast<int>(places_.size());
  places_.push_back({&json, uri, {}});
  program_.resources.emplace_back();
  return true;
}

bool Compiler::AddAnchor(const Json& json, std::string_view keyword, NodeId id, const std::string& path) {
  if (!json.contains(keyword)) return true;
  std::string name;
  if (!ReadName(json, keyword, path, &name)) return false;
  const auto resource = static_cast<size_t>(program_.nodes[static_cast<size_t>(id)].resource);
  const auto [at, added] = places_[resource].anchors.emplace(name, id);
  if (!added && at->second != id) return Fail(Below(path, keyword), "another schema has this anchor");
  if (keyword == "$dynamicAnchor") program_.resources[resource].dynamic_anchors.emplace(name, id);
  return true;
}

bool Compiler::Resolve(const Reference& reference) {
  const std::string_view target = reference.target;
  const size_t hash = target.find('#');
  std::string fragment;
  if (hash != std::string_view::npos && !AppendPercentDecoded(target.substr(hash + 1), &fragment)) {
    return Fail(reference.path, "its fragment has a % without two hexadecimal digits behind it");
  }
  int resource = program_.nodes[static_cast<size_t>(reference.from)].resource;
  if (hash != 0) {
    const std::string uri = ResolveUri(places_[static_cast<size_t>(resource)].uri, target.substr(0, hash));
    resource = -1;
    for (size_t i = 0; i < places_.size(); ++i) {
      if (places_[i].uri == uri) resource = static_cast<int>(i);
    }
    if (resource < 0) return Fail(reference.path, std::string(kLeadsNowhere));
  }
  NodeId id = kNone;
  std::string anchor;
  if (fragment.empty() || fragment.starts_with('/')) {
    if (!FollowPointer(reference, fragment, resource, &id)) return false;
  } else {
    const auto& anchors = places_[static_cast<size_t>(resource)].anchors;
    const auto found = anchors.find(fragment);
    if (found == anchors.end()) return Fail(reference.path, std::string(kLeadsNowhere));
    id = found->second;
    anchor = fragment;
  }
  Node& from = program_.nodes[static_cast<size_t>(reference.from)];
  if (!reference.dynamic) {
    from.ref = id;
    return true;
  }
  from.dynamic_ref = id;
  // Only what leads to a $dynamicAnchor is looked for anew where it is evaluated (core, section 8.2.3.2).
  const auto& anchors = program_.resources[static_cast<size_t>(resource)].dynamic_anchors;
  const auto found = anchors.find(anchor);
  if (!anchor.empty() && found != anchors.end() && found->second == id) from.dynamic_name = anchor;
  return true;
}

bool Compiler::FollowPointer(const Reference& reference, std::string_view pointer, int resource, NodeId* id) {
  const Json* at = places_[static_cast<size_t>(resource)].root;
  std::string path;
  while (!pointer.empty()) {
    const std::string token = TakeToken(&pointer);
    at = Step(*at, token);
    if (at == nullptr) return Fail(reference.path, std::string(kLeadsNowhere));
    path = Below(path, token);
    // On the way there may be a schema with an $id of its own.
    const auto known = compiled_.find(at);
    if (known != compiled_.end()) {
      resource = program_.nodes[static_cast<size_t>(known->second)].resource;
    }
  }
  return Compile(*at, resource, path, id);
}

}  // namespace portolan::guardrails::schema
