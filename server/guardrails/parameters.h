#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/guardrails/check.h"
#include "server/guardrails/pattern.h"

namespace portolan::guardrails {

enum class Operator : uint8_t { kAny, kAll, kNone };

std::string_view ToString(Operator op);  // `any`, `all`, `none`
// Whether so many of `all` are enough.
bool Holds(Operator op, size_t found, size_t all);

// The parameters of one check, as they are read. What is missing or of the wrong type is noted, and the first
// such problem counts; values are then of no use. What nobody has asked for in the end is a problem too.
class Parameters {
 public:
  // `json` must outlive this.
  Parameters(const nlohmann::json& json, std::string path);

  // Each reads one parameter. Names are constants, which outlive this.
  std::string Text(std::string_view name);  // must be there, and not empty
  std::string Text(std::string_view name, std::string_view otherwise);
  bool Flag(std::string_view name, bool otherwise);
  int64_t Count(std::string_view name, int64_t otherwise);
  std::vector<std::string> Texts(std::string_view name);  // must be there, and not empty
  // A list of texts, or a comma list; empty if it is not there.
  std::vector<std::string> List(std::string_view name);
  Operator Choice(std::string_view name, Operator otherwise);
  // The raw value; nullptr if it is not there. With `must`, that is a problem.
  const nlohmann::json* Value(std::string_view name, bool must);
  // A pattern; `delimited`: it may be `/…/flags`. nullptr on a problem.
  Pattern Expression(std::string_view name, std::string_view alias, bool delimited);

  void Fail(std::string_view name, std::string message);
  // The first problem, that there are unknown parameters included; nullopt if all is well.
  std::optional<Problem> Finish();

 private:
  const nlohmann::json* Find(std::string_view name);

  const nlohmann::json& json_;
  std::string path_;
  std::vector<std::string_view> known_;
  std::optional<Problem> problem_;
};

// `path` with the name of a member behind it: `a.b`, or `a["b.c"]` where a dot would mislead.
std::string MemberPath(std::string_view path, std::string_view name);
std::string ElementPath(std::string_view path, size_t index);

}  // namespace portolan::guardrails
