// `portolan guardrail test` and `portolan guardrail checks`.

#include "server/guardrails/guardrail.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/base/json_text.h"
#include "server/base/text_file.h"
#include "server/cli/handlers.h"
#include "server/cli/web.h"
#include "server/config_file/yaml_node.h"
#include "server/guardrails/json_schema.h"
#include "server/guardrails/parameters.h"

namespace portolan::cli {
namespace {

using guardrails::Guardrail;
using nlohmann::json;

constexpr size_t kMaxFile = 1 << 20;
constexpr size_t kMaxInput = 16 << 20;

// Where a config has guardrails, in the order in which they would run.
constexpr std::array<const char*, 8> kPlaces = {
    "input_mutators",  "before_request_hooks", "input_guardrails",  "default_input_guardrails",
    "output_mutators", "after_request_hooks",  "output_guardrails", "default_output_guardrails"};

struct Named {
  std::string path;
  Guardrail guardrail;
};

void AppendJson(const config::YamlNode& node, std::string* out) {
  using Type = config::YamlNode::Type;
  if (node.type == Type::kNull || (node.type == Type::kScalar && !config::AppendScalarJson(node, out))) {
    out->append("null");
  }
  if (node.type != Type::kMap && node.type != Type::kSequence) return;
  const bool map = node.type == Type::kMap;
  *out += map ? '{' : '[';
  for (const auto& child : node.children) {
    if (child->index > 0) *out += ',';
    if (map) {
      AppendJsonString(child->key, out);
      *out += ':';
    }
    AppendJson(*child, out);
  }
  *out += map ? '}' : ']';
}

// The file as JSON; nullopt, with what is wrong, if it is neither JSON nor YAML.
std::optional<json> ReadFile(const std::string& path, std::string* problem) {
  std::string text;
  if (!ReadTextFile(path, kMaxFile, &text, problem)) return std::nullopt;
  if (auto value = guardrails::ParseJson(text)) return value;
  config::ConfigProblems problems;
  const auto tree = config::ParseYaml(text, &problems);
  if (tree == nullptr || !problems.empty()) {
    *problem = problems.empty() ? "it is neither YAML nor JSON" : config::DescribeProblems(path, problems);
    return std::nullopt;
  }
  text.clear();
  AppendJson(*tree, &text);
  return guardrails::ParseJson(text);
}

// False, with the first thing that is wrong in *problem.
bool ReadList(const json& list, const std::string& path, std::vector<Named>* named,
              guardrails::Problem* problem) {
  auto read = guardrails::ReadGuardrails(list, path, problem);
  if (!read) return false;
  for (size_t i = 0; i < read->size(); ++i) {
    named->push_back({guardrails::ElementPath(path, i), std::move((*read)[i])});
  }
  return true;
}

bool ReadAll(const json& file, std::vector<Named>* named, guardrails::Problem* problem) {
  if (file.is_array()) return ReadList(file, "", named, problem);
  bool is_config = false;
  for (const char* place : kPlaces) {
    if (!file.is_object() || !file.contains(place)) continue;
    is_config = true;
    if (!ReadList(file[place], place, named, problem)) return false;
  }
  if (is_config) return true;
  auto one = guardrails::ReadGuardrail(file, "", problem);
  if (!one) return false;
  named->push_back({"", *std::move(one)});
  return true;
}

bool ReadInput(const std::string& given, std::FILE* in, std::string* text) {
  if (given != "-") {
    *text = given;
    return true;
  }
  std::array<char, 4096> piece{};
  while (const size_t got = std::fread(piece.data(), 1, piece.size(), in)) {
    text->append(piece.data(), got);
    if (text->size() > kMaxInput) return false;
  }
  // The line end that `echo` and editors leave.
  if (text->ends_with('\n')) text->pop_back();
  return true;
}

std::string_view WordFor(const guardrails::CheckResult& result) {
  if (result.finding.verdict == guardrails::Verdict::kError) return "error";
  return result.finding.verdict == guardrails::Verdict::kPass ? "pass" : "fail";
}

void Print(const Host& host, const std::string& path, const guardrails::CheckResult& result) {
  const std::string explanation = result.finding.data.value("explanation", "");
  std::fprintf(host.out, "%-5s %s%s%-28s  %s%s\n", std::string(WordFor(result)).c_str(), path.c_str(),
               path.empty() ? "" : "  ", result.id.c_str(), Printable(explanation).c_str(),
               result.transformed ? "; the text is changed" : "");
}

// A chat with one message, which is the text.
v1::ChatCompletionRequest ChatOf(const std::string& text) {
  v1::ChatCompletionRequest request;
  v1::Message* const message = request.add_messages();
  message->set_role("user");
  message->mutable_content()->set_text(text);
  return request;
}

}  // namespace

int TestGuardrail(const Arguments& arguments, const Host& host) {
  if (!arguments.Has("--input")) return Fail(host, "give the text to look at: --input TEXT, or --input -", 2);
  std::string problem;
  const std::optional<json> file = ReadFile(arguments.operand(), &problem);
  if (!file) return Fail(host, arguments.operand() + ": " + problem, 2);
  std::vector<Named> named;
  guardrails::Problem mistake;
  if (!ReadAll(*file, &named, &mistake)) {
    return Fail(host,
                arguments.operand() + ": " + mistake.path + (mistake.path.empty() ? "" : ": ") +
                    Printable(mistake.message),
                2);
  }
  const std::string model = arguments.Get("--model");
  guardrails::CallFacts facts{model, "chatComplete", nullptr};
  if (arguments.Has("--metadata")) {
    const auto metadata = guardrails::ParseJson(arguments.Get("--metadata"));
    if (!metadata || !metadata->is_object()) return Fail(host, "--metadata is no JSON object", 2);
    facts.metadata = *metadata;
  }
  std::string text;
  if (!ReadInput(arguments.Get("--input"), host.in, &text)) return Fail(host, "stdin has more than 16 MB", 2);

  v1::ChatCompletionRequest request = ChatOf(text);
  guardrails::View view(&request);
  bool passes = true;
  bool changed = false;
  for (const Named& one : named) {
    const guardrails::GuardrailResult result = guardrails::RunGuardrail(one.guardrail, facts, &view);
    for (const guardrails::CheckResult& check : result.checks) Print(host, one.path, check);
    passes &= result.passes;
    changed |= result.transformed;
  }
  if (changed) {
    std::fprintf(host.out, "\n");
    for (const v1::Message& message : request.messages()) {
      std::fprintf(host.out, "%s: %s\n", Printable(message.role()).c_str(), message.content().text().c_str());
    }
  }
  return passes ? 0 : 1;
}

int ListChecks(const Arguments&, const Host& host) {
  std::fputs(guardrails::CheckTableMarkdown().c_str(), host.out);
  return 0;
}

}  // namespace portolan::cli
