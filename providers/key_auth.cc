#include "providers/key_auth.h"

#include <string>
#include <utility>

namespace portolan::providers {
namespace {

using Headers = std::vector<HeaderField>;

// `Authorization: SCHEME KEY`.
class KeyScheme final : public Auth {
 public:
  explicit KeyScheme(std::string_view scheme) : scheme_(scheme) {}
  Outcome Apply(const SignInput&, const Target& target, Headers* headers) const override {
    std::string value(scheme_);
    value.append(" ").append(target.api_key.Reveal());
    headers->push_back({"authorization", std::move(value)});
    return Done();
  }

 private:
  const std::string_view scheme_;
};

class Modal final : public Auth {
 public:
  Outcome Apply(const SignInput& input, const Target& target, Headers* headers) const override {
    const std::string_view key = target.api_key.Reveal();
    const size_t colon = key.find(':');
    if (colon == std::string_view::npos) return BearerAuth().Apply(input, target, headers);
    headers->push_back({"modal-key", std::string(key.substr(0, colon))});
    headers->push_back({"modal-secret", std::string(key.substr(colon + 1))});
    return Done();
  }
};

}  // namespace

Outcome KeyHeader::Apply(const SignInput&, const Target& target, Headers* headers) const {
  headers->push_back({name_, std::string(target.api_key.Reveal())});
  return Done();
}

const Auth& KeySchemeAuth() {
  static const KeyScheme auth("Key");
  return auth;
}

const Auth& TokenSchemeAuth() {
  static const KeyScheme auth("Token");
  return auth;
}

const Auth& SubscriptionKeyAuth() {
  static const KeyHeader auth("api-subscription-key");
  return auth;
}

const Auth& ApiKeyHeaderAuth() {
  static const KeyHeader auth("x-api-key");
  return auth;
}

const Auth& ElevenLabsAuth() {
  static const KeyHeader auth("xi-api-key");
  return auth;
}

const Auth& ModalAuth() {
  static const Modal auth;
  return auth;
}

}  // namespace portolan::providers
