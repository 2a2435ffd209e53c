#pragma once

// Keys that are no bearers.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/auth.h"

namespace portolan::providers {

// The key by itself in a header of its own, where callers may send theirs too.
class KeyHeader : public Auth {
 public:
  explicit KeyHeader(std::string lower_name) : name_(std::move(lower_name)), names_{name_} {}
  KeyHeader(const KeyHeader&) = delete;
  KeyHeader& operator=(const KeyHeader&) = delete;
  std::span<const std::string_view> key_headers() const override { return names_; }
  Outcome Apply(const SignInput& input, const Target& target,
                std::vector<HeaderField>* headers) const override;

 private:
  const std::string name_;
  const std::array<std::string_view, 1> names_;  // views of it
};

// `Authorization: Key KEY`.
const Auth& KeySchemeAuth();
// `Authorization: Token KEY`.
const Auth& TokenSchemeAuth();
// `api-subscription-key: KEY`.
const Auth& SubscriptionKeyAuth();
// `x-api-key: KEY`.
const Auth& ApiKeyHeaderAuth();
// `xi-api-key: KEY`.
const Auth& ElevenLabsAuth();
// `Modal-Key: ID` and `Modal-Secret: SECRET` of a key `ID:SECRET`; any other goes as a bearer.
const Auth& ModalAuth();

}  // namespace portolan::providers
