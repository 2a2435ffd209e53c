#include "providers/dialects/google/signature.h"

#include <algorithm>
#include <utility>

#include "providers/dialects/common/reasoning_details.h"

namespace portolan::providers::gemini {
namespace {

// Where a detail's signature belongs; null: somebody else's stands there already.
std::string* PlaceOf(const ReasoningDetail& detail, const v1::Message& message, KeptSignatures* kept) {
  const auto& calls = message.tool_calls();
  const auto call = std::find_if(calls.begin(), calls.end(), [&](const v1::ToolCall& one) {
    return !detail.id.empty() && one.id() == detail.id;
  });
  std::string* place = &kept->of_message;
  if (call != calls.end()) {
    place = &kept->of_calls[static_cast<size_t>(call - calls.begin())];
  } else if (!calls.empty() && kept->of_calls.front().empty()) {
    place = &kept->of_calls.front();
  }
  return place->empty() ? place : nullptr;
}

}  // namespace

KeptSignatures KeptSignaturesOf(const v1::Message& message) {
  KeptSignatures kept;
  kept.of_calls.resize(static_cast<size_t>(message.tool_calls_size()));
  for (ReasoningDetail& detail : ReasoningDetailsOf(message)) {
    const bool is_signature =
        detail.format == kGeminiFormat && detail.type == kEncryptedReasoning && !detail.data.empty();
    std::string* const place = is_signature ? PlaceOf(detail, message, &kept) : nullptr;
    if (place == nullptr) {
      kept.lost.push_back(detail.at);
      continue;
    }
    *place = std::move(detail.data);
    kept.any = true;
  }
  return kept;
}

std::string_view GoogleContentIn(const Extras& extras) {
  return JsonMember(FindExtra(extras, kExtraContent), "google");
}

std::string SignatureIn(const Extras& extras) {
  return JsonText(JsonMember(GoogleContentIn(extras), "thought_signature"));
}

void AddSignature(std::string_view signature, Extras* extras) {
  AddGoogleContent({.signature = std::string(signature)}, extras);
}

void AddGoogleContent(const GoogleContent& content, Extras* extras) {
  if (content.signature.empty() && content.parts.empty()) return;
  std::string google = "{";
  if (!content.signature.empty()) google += "\"thought_signature\":" + JsonString(content.signature);
  if (content.alone) google += ",\"alone\":true";
  if (!content.parts.empty()) {
    google += google.size() > 1 ? ",\"parts\":[" : "\"parts\":[";
    for (size_t i = 0; i < content.parts.size(); ++i) {
      if (i > 0) google += ',';
      google += "{\"index\":" + std::to_string(i) + ",\"part\":" + content.parts[i] + "}";
    }
    google += ']';
  }
  google += '}';
  AddExtra(kExtraContent, JsonObjectOf("google", google), extras);
}

}  // namespace portolan::providers::gemini
