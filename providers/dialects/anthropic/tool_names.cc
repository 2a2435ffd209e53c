#include "providers/dialects/anthropic/tool_names.h"

#include "anthropic/v1/request.pb.h"
#include "server/base/sha256.h"

namespace portolan::providers::anthropic {
namespace {

constexpr size_t kMostCharacters = 64;
constexpr size_t kHashDigits = 8;

}  // namespace

std::string ShortToolName(std::string_view name) {
  if (name.size() <= kMostCharacters) return std::string(name);
  std::string out(name.substr(0, kMostCharacters - kHashDigits - 1));
  out += '_';
  out += Sha256Hex(name).substr(0, kHashDigits);
  return out;
}

ToolNames::ToolNames(const Message* request) {
  if (request == nullptr || request->GetDescriptor() != ::anthropic::v1::MessagesRequest::descriptor())
    return;
  for (const auto& tool : static_cast<const ::anthropic::v1::MessagesRequest*>(request)->tools()) {
    if (tool.name().size() > kMostCharacters) names_.emplace_back(ShortToolName(tool.name()), tool.name());
  }
}

std::string ToolNames::InFull(const std::string& name) const {
  for (const auto& [short_form, full] : names_) {
    if (short_form == name) return full;
  }
  return name;
}

}  // namespace portolan::providers::anthropic
