// Path templates, paths and queries from a hostile world. Input: a template, a method, a path and a query,
// one a line.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
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
#include "tests/unit/transcode/test_services.pb.h"

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
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

// Two of the API's services, one with paths that hold what callers name, and the services made up for the
// transcoder's tests, which have a binding of every kind.
const Router& TheRouter() {
  static const Router* router = [] {
    portolan::v1::GetModelRequest::descriptor();
    portolan::transcode::test::Request::descriptor();
    std::vector<const google::protobuf::ServiceDescriptor*> services;
    for (const char* name : {"portolan.v1.ModelService", "portolan.v1.ChatService",
                             "portolan.transcode.test.Paths", "portolan.transcode.test.Bindings"}) {
      services.push_back(google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name));
      Require(services.back() != nullptr);
    }
    std::vector<const google::protobuf::ServiceDescriptor*> twice = services;
    twice.push_back(services.front());
    Require(!Router::Build(twice).ok());
    return Router::Build(services)->release();
  }();
  return *router;
}

// Whatever the path and the query held: text is UTF-8, and what no field describes is JSON, each name once.
void CheckBound(const Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  std::vector<std::string> names;
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->type() == FieldDescriptor::TYPE_STRING) {
        const std::string text = field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                                      : reflection.GetString(message, field);
        Require(portolan::codec::FindInvalidUtf8(text) == std::string::npos);
        if (field->name() == "json") Require(portolan::codec::IsJson(text, /*max_depth=*/2));
        continue;
      }
      if (field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
      const Message& child = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                  : reflection.GetMessage(message, field);
      CheckBound(child);
      if (field->name() != "extra") continue;
      names.push_back(
          child.GetReflection()->GetString(child, child.GetDescriptor()->FindFieldByName("name")));
    }
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

  const RouteMatch match = TheRouter().Match(method, path);
  if (match.outcome == RouteMatch::Outcome::kFound) {
    const std::unique_ptr<Message> request(google::protobuf::MessageFactory::generated_factory()
                                               ->GetPrototype(match.route->unary->input_type())
                                               ->New());
    if (!BindRequest(match, query, request.get())) CheckBound(*request);
  }
  return 0;
}
