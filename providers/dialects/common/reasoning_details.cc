#include "providers/dialects/common/reasoning_details.h"

#include <optional>
#include <utility>

namespace portolan::providers {
namespace {

constexpr std::string_view kText = "reasoning.text";

ReasoningDetail Read(std::string_view json) {
  ReasoningDetail detail;
  ForEachMember(json, [&](std::string_view name, std::string_view value) {
    if (name == "type") detail.type = JsonText(value);
    if (name == "format") detail.format = JsonText(value);
    if (name == "id") detail.id = JsonText(value);
    if (name == "text") detail.text = JsonText(value);
    if (name == "signature") detail.signature = JsonText(value);
    if (name == "data") detail.data = JsonText(value);
    if (name == "index") detail.index = value;
  });
  return detail;
}

bool GoesOn(const ReasoningDetail& before, const ReasoningDetail& piece) {
  return before.type == kText && piece.type == kText && before.signature.empty() &&
         before.index == piece.index && (before.format == piece.format || piece.format.empty());
}

std::optional<v1::ContentBlock> BlockOf(const ReasoningDetail& detail) {
  if (detail.format != kClaudeFormat) return std::nullopt;
  v1::ContentBlock block;
  if (detail.type == kText && !detail.signature.empty()) {
    block.set_type("thinking");
    block.set_thinking(detail.text);
    block.set_signature(detail.signature);
    return block;
  }
  if (detail.type != kEncryptedReasoning || detail.data.empty()) return std::nullopt;
  block.set_type("redacted_thinking");
  block.set_data(detail.data);
  return block;
}

}  // namespace

std::vector<ReasoningDetail> ReasoningDetailsOf(const v1::Message& message) {
  std::vector<ReasoningDetail> details;
  if (message.extra().empty() || !message.content_blocks().empty()) return details;
  int at = 0;
  ForEachElement(FindExtra(message.extra(), kReasoningDetails), [&](std::string_view element) {
    ReasoningDetail detail = Read(element);
    detail.at = at++;
    if (details.empty() || !GoesOn(details.back(), detail)) {
      details.push_back(std::move(detail));
      return;
    }
    details.back().text += detail.text;
    details.back().signature = std::move(detail.signature);
  });
  return details;
}

ClaudeThoughts ClaudeThoughtsOf(const v1::Message& message) {
  ClaudeThoughts thoughts;
  for (const ReasoningDetail& detail : ReasoningDetailsOf(message)) {
    if (std::optional<v1::ContentBlock> block = BlockOf(detail)) {
      thoughts.blocks.push_back(*std::move(block));
    } else {
      thoughts.lost.push_back(detail.at);
    }
  }
  return thoughts;
}

}  // namespace portolan::providers
