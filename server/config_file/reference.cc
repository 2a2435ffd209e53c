#include "server/config_file/reference.h"

#include <algorithm>
#include <optional>

#include "server/base/text.h"
#include "server/base/text_file.h"
#include "server/config/values.h"

namespace portolan::config {
namespace {

constexpr std::string_view kVariable = "env:";
constexpr std::string_view kFile = "file:";
constexpr size_t kMaxFile = 16 << 10;

bool IsVariableName(std::string_view name) {
  return !name.empty() && !IsDigit(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsLetterOrDigit(c) || c == '_'; });
}

bool ReadFrom(std::string_view reference, const Environment& environment, std::string* text,
              std::string* problem) {
  if (reference.starts_with(kVariable)) {
    const std::string name(reference.substr(kVariable.size()));
    std::optional<std::string> value = ReadVariable(environment, name);
    if (!value) {
      *problem = "the variable " + name + " is not set";
      return false;
    }
    *text = *std::move(value);
    return true;
  }
  const std::string path(reference.substr(kFile.size()));
  std::string content;
  if (!ReadTextFile(path, kMaxFile, &content, problem)) {
    *problem = "the file " + path + ": " + *problem;
    return false;
  }
  *text = TrimSpace(content);
  if (text->empty()) *problem = "the file " + path + " is empty";
  return !text->empty();
}

}  // namespace

bool CheckReference(std::string_view text, std::string* problem) {
  if (text.starts_with(kVariable) && IsVariableName(text.substr(kVariable.size()))) return true;
  const bool one_line = std::none_of(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  if (text.starts_with(kFile) && text.size() > kFile.size() && one_line) return true;
  *problem = "write env:NAME or file:PATH, never the key itself";
  return false;
}

bool NamesIdentity(std::string_view text) {
  constexpr std::string_view kManaged = "managed-identity";
  return text == "metadata-server" || text == kManaged ||
         (text.starts_with(kManaged) && text.size() > kManaged.size() + 1 && text[kManaged.size()] == ':' &&
          std::all_of(text.begin() + kManaged.size() + 1, text.end(),
                      [](char c) { return IsLetterOrDigit(c) || c == '-'; }));
}

std::string_view VariableOf(std::string_view reference) {
  return reference.starts_with(kVariable) ? reference.substr(kVariable.size()) : std::string_view();
}

bool ResolveReference(std::string_view reference, const Environment& environment, Secret* key,
                      std::string* problem) {
  if (NamesIdentity(reference)) {
    *key = Secret(std::string(reference));
    return true;
  }
  std::string text;
  if (!ReadFrom(reference, environment, &text, problem)) return false;
  absl::StatusOr<Secret> checked = CheckSecret(reference, text);
  if (!checked.ok()) {
    *problem = std::string(checked.status().message());
    return false;
  }
  *key = *std::move(checked);
  return true;
}

}  // namespace portolan::config
