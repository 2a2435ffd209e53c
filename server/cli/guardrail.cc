// `portolan guardrail test` and `portolan guardrail checks`.

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
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
#include "server/guardrails/guardrail_list.h"
#include "server/guardrails/json_schema.h"
#include "server/guardrails/parameters.h"

namespace portolan::cli {
namespace {

using guardrails::Guardrail;
using nlohmann::json;

constexpr size_t kMaxFile = 1 << 20;
constexpr size_t kMaxInput = 16 << 20;

struct Place {
  const char* name;
  guardrails::ListKind kind = guardrails::ListKind::kGuardrails;
};

// Where a config has guardrails, in the order in which they would run.
constexpr std::array<Place, 8> kPlaces = {{{"before_request_hooks"},
                                           {"input_guardrails"},
                                           {"input_mutators", guardrails::ListKind::kMutators},
                                           {"default_input_guardrails"},
                                           {"after_request_hooks"},
                                           {"output_guardrails"},
                                           {"output_mutators", guardrails::ListKind::kMutators},
                                           {"default_output_guardrails"}}};

struct Placed {
  std::string path;
  std::shared_ptr<const Guardrail> guardrail;
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

// What a file has, as it is written.
class FileReader {
 public:
  FileReader(const json& file, guardrails::Problem* problem) : file_(file), problem_(*problem) {}

  // The guardrail of this name alone, if `name` is not empty; else those of the lists, if there are any; else
  // all. False, with the first thing that is wrong in *problem.
  bool Read(const std::string& name, std::vector<Placed>* out) {
    if (file_.is_array()) return List(file_, {""}, out);
    std::vector<Placed> all;
    if (!ReadNamed(&all)) return false;
    if (!name.empty()) return Pick(name, out);
    bool any_list = false;
    for (const Place& place : kPlaces) {
      if (!file_.is_object() || !file_.contains(place.name)) continue;
      any_list = true;
      if (!List(file_[place.name], place, out)) return false;
    }
    if (any_list) return true;
    if (!all.empty()) {
      *out = std::move(all);
      return true;
    }
    auto one = guardrails::ReadGuardrail(file_, "", &problem_);
    if (!one) return false;
    out->push_back({"", std::make_shared<const Guardrail>(*std::move(one))});
    return true;
  }

 private:
  bool ReadNamed(std::vector<Placed>* all) {
    if (!file_.is_object() || !file_.contains("guardrails")) return true;
    const json& named = file_["guardrails"];
    if (!named.is_object()) return Refuse("guardrails", "must be an object of guardrails by their names");
    for (const auto& [name, value] : named.items()) {
      const std::string path = guardrails::MemberPath("guardrails", name);
      auto guardrail = guardrails::ReadNamedGuardrail(name, value, path, &problem_);
      if (guardrail == nullptr) return false;
      named_.emplace(name, guardrail);
      all->push_back({path, std::move(guardrail)});
    }
    return true;
  }

  bool Pick(const std::string& name, std::vector<Placed>* out) {
    const auto found = named_.find(name);
    if (found == named_.end()) return Refuse("guardrails", "there is none called " + JsonString(name));
    out->push_back({guardrails::MemberPath("guardrails", name), found->second});
    return true;
  }

  bool List(const json& list, const Place& place, std::vector<Placed>* out) {
    guardrails::GuardrailList read;
    guardrails::ListNotes notes;
    if (!ReadParsedList(list, place.name, {place.kind, guardrails::ListOwner::kOperator}, named_, &read,
                        &notes, &problem_))
      return false;
    for (size_t i = 0; i < read.size(); ++i) {
      out->push_back({guardrails::ElementPath(place.name, i), std::move(read[i])});
    }
    return true;
  }

  bool Refuse(std::string path, std::string message) {
    problem_ = {std::move(path), std::move(message)};
    return false;
  }

  const json& file_;
  guardrails::Problem& problem_;
  guardrails::NamedGuardrails named_;
};

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
  std::vector<Placed> placed;
  guardrails::Problem mistake;
  if (!FileReader(*file, &mistake).Read(arguments.Get("--guardrail"), &placed)) {
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
  for (const Placed& one : placed) {
    guardrails::GuardrailResult result = guardrails::RunGuardrail(*one.guardrail, facts, &view);
    for (size_t i = 0; i < result.checks.size(); ++i) {
      guardrails::CheckResult& check = result.checks[i];
      if (one.guardrail->checks[i].network != nullptr) {
        check.finding.data["explanation"] = "asks the network; not asked by this command";
      }
      Print(host, one.path, check);
    }
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
