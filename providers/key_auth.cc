#include "providers/key_auth.h"

#include <array>
#include <string>

namespace portolan::providers {
namespace {

using Headers = std::vector<HeaderField>;

class KeyScheme final : public Auth {
 public:
  Outcome Apply(const SignInput&, const Target& target, Headers* headers) const override {
    std::string value = "Key ";
    value += target.api_key.Reveal();
    headers->push_back({"authorization", std::move(value)});
    return Done();
  }
};

class SubscriptionKey final : public Auth {
 public:
  std::span<const std::string_view> key_headers() const override {
    static constexpr std::array<std::string_view, 1> kNames = {"api-subscription-key"};
    return kNames;
  }
  Outcome Apply(const SignInput&, const Target& target, Headers* headers) const override {
    headers->push_back({"api-subscription-key", std::string(target.api_key.Reveal())});
    return Done();
  }
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

const Auth& KeySchemeAuth() {
  static const KeyScheme auth;
  return auth;
}

const Auth& SubscriptionKeyAuth() {
  static const SubscriptionKey auth;
  return auth;
}

const Auth& ModalAuth() {
  static const Modal auth;
  return auth;
}

}  // namespace portolan::providers
