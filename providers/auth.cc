#include "providers/auth.h"

#include <string>

#include "providers/key_auth.h"

namespace portolan::providers {
namespace {

using Headers = std::vector<HeaderField>;

void AddBearer(const Target& target, Headers* headers) {
  std::string value = "Bearer ";
  value += target.api_key.Reveal();
  headers->push_back({"authorization", std::move(value)});
}

class Bearer final : public Auth {
 public:
  Outcome Apply(const SignInput&, const Target& target, Headers* headers) const override {
    AddBearer(target, headers);
    return Done();
  }
};

class Anthropic final : public KeyHeader {
 public:
  Anthropic() : KeyHeader("x-api-key") {}
  Outcome Apply(const SignInput& input, const Target& target, Headers* headers) const override {
    constexpr std::string_view kTokenPrefix = "sk-ant-oat";
    if (!target.key_is_bearer && !target.api_key.Reveal().starts_with(kTokenPrefix)) {
      return KeyHeader::Apply(input, target, headers);
    }
    AddBearer(target, headers);
    return Done();
  }
};

}  // namespace

const Auth& BearerAuth() {
  static const Bearer auth;
  return auth;
}

const Auth& AnthropicAuth() {
  static const Anthropic auth;
  return auth;
}

const Auth& GoogleAuth() {
  static const KeyHeader auth("x-goog-api-key");
  return auth;
}

}  // namespace portolan::providers
