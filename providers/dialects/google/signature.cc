#include "providers/dialects/google/signature.h"

namespace portolan::providers::gemini {

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
