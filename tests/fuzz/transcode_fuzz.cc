// Path templates, paths and queries from a hostile world. Input: a template, a method, a path and a query,
// one a line.

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/model_service.pb.h"
#include "server/codec/json_reader.h"
#include "server/codec/utf8.h"
#include "server/transcode/bind.h"
#include "server/transcode/path_index.h"
#include "server/transcode/path_template.h"
#include "server/transcode/router.h"

namespace {

using portolan::transcode::BindRequest;
using portolan::transcode::PathIndex;
using portolan::transcode::PathTemplate;
using portolan::transcode::RouteMatch;
using portolan::transcode::Router;

std::string_view TakeLine(std::string_view* text) {
  size_t end = std::min(text->find('\n'), text->size());
  std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return line;
}

void Require(bool condition) {
  if (!condition) std::abort();
}

bool Within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

// The path that the template gives when its wildcards are replaced by `x`: it must match, with these
// captures.
void CheckOwnPath(const PathTemplate& path_template, const PathIndex& index) {
  std::vector<std::string> captures(path_template.variables.size());
  std::string path;
  for (size_t i = 0; i < path_template.segments.size(); ++i) {
    const auto& segment = path_template.segments[i];
    std::string text = segment.kind == PathTemplate::Kind::kLiteral ? segment.literal : "x";
    path += "/" + text;
    for (size_t v = 0; v < captures.size(); ++v) {
      const auto& variable = path_template.variables[v];
      if (i < variable.begin || i >= variable.end) continue;
      captures[v] += (i == variable.begin ? "" : "/") + text;
    }
  }
  if (!path_template.verb.empty()) path += ":" + path_template.verb;
  PathIndex::Found found;
  Require(index.Find("GET", path, &found));
  Require(found.value == 1 && found.capture_count == captures.size());
  for (size_t v = 0; v < captures.size(); ++v) Require(found.captures[v] == captures[v]);
}

const Router& Models() {
  static const Router* router = [] {
    const auto* service = portolan::v1::GetModelRequest::descriptor()->file()->pool()->FindServiceByName(
        "portolan.v1.ModelService");
    return Router::Build(std::vector<const google::protobuf::ServiceDescriptor*>{service})->release();
  }();
  return *router;
}

// Whatever the path and the query held: text is UTF-8, and what no field describes is JSON, each name once.
void CheckBound(const portolan::v1::GetModelRequest& request) {
  Require(request.has_model());
  Require(portolan::codec::FindInvalidUtf8(request.model()) == std::string::npos);
  Require(portolan::codec::FindInvalidUtf8(request.portolan().provider()) == std::string::npos);
  std::vector<std::string> names;
  for (const portolan::v1::Extra& extra : request.extra()) {
    Require(portolan::codec::FindInvalidUtf8(extra.name()) == std::string::npos);
    Require(portolan::codec::IsJson(extra.json(), /*max_depth=*/2));
    names.push_back(extra.name());
  }
  std::sort(names.begin(), names.end());
  Require(std::adjacent_find(names.begin(), names.end()) == names.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string_view template_text = TakeLine(&input);
  std::string_view method = TakeLine(&input);
  std::string_view path = TakeLine(&input);
  std::string_view query = input;

  if (auto parsed = portolan::transcode::ParsePathTemplate(template_text); parsed.ok()) {
    PathIndex index;
    Require(index.Insert(*parsed, "GET", 1));
    Require(!index.Insert(*parsed, "GET", 2));
    CheckOwnPath(*parsed, index);
    PathIndex::Found found;
    if (index.Find("GET", path, &found)) {
      Require(index.MethodsFor(path) == std::vector<std::string_view>{"GET"});
      for (size_t i = 0; i < found.capture_count; ++i) Require(Within(found.captures[i], path));
    } else {
      Require(index.MethodsFor(path).empty());
    }
  }

  RouteMatch match = Models().Match(method, path);
  if (match.outcome == RouteMatch::Outcome::kFound && match.route->unary->name() == "GetModel") {
    portolan::v1::GetModelRequest request;
    if (!BindRequest(match, query, &request)) CheckBound(request);
  }
  return 0;
}
