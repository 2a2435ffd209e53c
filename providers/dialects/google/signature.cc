#include "providers/dialects/google/signature.h"

namespace portolan::providers::gemini {

std::string_view GoogleContentIn(const Extras& extras) {
  return JsonMember(FindExtra(extras, kExtraContent), "google");
}

std::string SignatureIn(const Extras& extras) {
  return JsonText(JsonMember(GoogleContentIn(extras), "thought_signature"));
}

void AddSignature(std::string_view signature, Extras* extras) { AddGoogleContent(signature, {}, extras); }

void AddGoogleContent(std::string_view signature, const std::vector<std::string>& parts, Extras* extras) {
  if (signature.empty() && parts.empty()) return;
  std::string google = "{";
  if (!signature.empty()) google += "\"thought_signature\":" + JsonString(signature);
  if (!parts.empty()) {
    google += google.size() > 1 ? ",\"parts\":[" : "\"parts\":[";
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) google += ',';
      google += "{\"index\":" + std::to_string(i) + ",\"part\":" + parts[i] + "}";
    }
    google += ']';
  }
  google += '}';
  AddExtra(kExtraContent, JsonObjectOf("google", google), extras);
}

}  // namespace portolan::providers::gemini
