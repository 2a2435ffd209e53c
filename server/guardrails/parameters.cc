#include "server/guardrails/parameters.h"

#include <algorithm>
#include <utility>

#include "server/base/json_text.h"
#include "server/base/nearest.h"
#include "server/base/text.h"

namespace portolan::guardrails {
namespace {

// Told of what a caller wrote; long names are cut.
std::string Quoted(std::string_view name) {
  constexpr size_t kLongest = 60;
  return JsonString(name.size() > kLongest ? std::string(name.substr(0, kLongest)) + "…" : std::string(name));
}

}  // namespace

std::string_view ToString(Operator op) {
  switch (op) {
    case Operator::kAny:
      return "any";
    case Operator::kAll:
      return "all";
    default:
      return "none";
  }
}

bool Holds(Operator op, size_t found, size_t all) {
  if (op == Operator::kAny) return found > 0;
  return op == Operator::kAll ? found == all : found == 0;
}

std::string MemberPath(std::string_view path, std::string_view name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '_' || c == '-';
  });
  if (!plain) return std::string(path) + "[" + Quoted(name) + "]";
  return path.empty() ? std::string(name) : std::string(path) + "." + std::string(name);
}

std::string ElementPath(std::string_view path, size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

Parameters::Parameters(const nlohmann::json& json, std::string path) : json_(json), path_(std::move(path)) {
  // Those that every check has are read elsewhere. Portkey's configs give credentials to any check.
  known_ = {"credentials", "failOnError", "id", "is_enabled"};
}

void Parameters::Fail(std::string_view name, std::string message) {
  if (!problem_) problem_ = Problem{MemberPath(path_, name), std::move(message)};
}

const nlohmann::json* Parameters::Find(std::string_view name) {
  known_.push_back(name);
  const auto found = json_.find(name);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

const nlohmann::json* Parameters::Value(std::string_view name, bool must) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr && must) Fail(name, "must be there");
  return value;
}

std::string Parameters::Text(std::string_view name) {
  const nlohmann::json* value = Value(name, true);
  if (value == nullptr) return {};
  if (!value->is_string() || value->get_ref<const std::string&>().empty()) {
    Fail(name, "must be a text that is not empty");
    return {};
  }
  return value->get<std::string>();
}

std::string Parameters::Text(std::string_view name, std::string_view otherwise) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return std::string(otherwise);
  if (value->is_string()) return value->get<std::string>();
  Fail(name, "must be a text");
  return {};
}

bool Parameters::Flag(std::string_view name, bool otherwise) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  Fail(name, "must be true or false");
  return otherwise;
}

int64_t Parameters::Count(std::string_view name, int64_t otherwise) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return otherwise;
  if (value->is_number_integer() && value->get<double>() >= 0 && value->get<double>() < 0x1p62) {
    return value->get<int64_t>();
  }
  Fail(name, "must be a whole number from 0 on");
  return otherwise;
}

std::vector<std::string> Parameters::Texts(std::string_view name) {
  const nlohmann::json* value = Value(name, true);
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  const bool list = value->is_array() && !value->empty() &&
                    std::all_of(value->begin(), value->end(), [](const nlohmann::json& one) {
                      return one.is_string() && !one.get_ref<const std::string&>().empty();
                    });
  if (!list) {
    Fail(name, "must be a list of texts, with one at least and none empty");
    return texts;
  }
  for (const nlohmann::json& one : *value) texts.push_back(one.get<std::string>());
  return texts;
}

std::vector<std::string> Parameters::List(std::string_view name) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return {};
  if (!value->is_string()) return Texts(name);
  std::vector<std::string> texts;
  for (const std::string_view item : SplitList(value->get_ref<const std::string&>()))
    texts.emplace_back(item);
  return texts;
}

Operator Parameters::Choice(std::string_view name, Operator otherwise) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return otherwise;
  for (const Operator op : {Operator::kAny, Operator::kAll, Operator::kNone}) {
    if (*value == ToString(op)) return op;
  }
  Fail(name, "must be any, all or none");
  return otherwise;
}

Pattern Parameters::Expression(std::string_view name, std::string_view alias, bool delimited) {
  if (!alias.empty() && Find(alias) != nullptr && Find(name) == nullptr) name = alias;
  const std::string text = Text(name);
  if (text.empty()) return nullptr;
  std::string problem;
  Pattern pattern = delimited ? CompileDelimited(text, &problem) : CompilePattern(text, {}, &problem);
  if (pattern == nullptr) Fail(name, problem);
  return pattern;
}

std::optional<Problem> Parameters::Finish() {
  if (problem_) return problem_;
  for (const auto& [name, value] : json_.items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string_view near = NearWord(name, known_);
    Fail(name, "this check has no such parameter" +
                   (near.empty() ? std::string() : "; did you mean " + std::string(near) + "?"));
    return problem_;
  }
  return std::nullopt;
}

}  // namespace portolan::guardrails
