#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/base/ip.h"

namespace portolan {

// A rule of --allow-upstream, one of:
//
//   a network or an address: `10.0.0.0/8`, `fd00::/8`, `10.1.2.3`
//   a host name:             `llm.internal`
//   a suffix of host names:  `.internal`
//
// Names are those that ParseHost takes, in any case.
class AddressRule {
 public:
  // Null, with the reason in *problem, if `text` is none of these.
  static std::optional<AddressRule> Parse(std::string_view text, std::string* problem);

  // Whether it names this address. A host name or suffix names none.
  bool HasAddress(const IpBytes& ip) const { return network_ && network_->Contains(ip); }
  // Whether it names this host (as ParseHost gives it) or, as a suffix, those below. A network names none.
  bool HasHost(std::string_view host) const;

  // Whether both are written alike, but for case.
  friend bool operator==(const AddressRule& a, const AddressRule& b) { return a.text_ == b.text_; }

 private:
  explicit AddressRule(std::string_view text);

  std::string text_;  // in lower case
  std::optional<IpNetwork> network_;
  std::string name_;  // with the leading dot of a suffix; empty: a network
};

}  // namespace portolan
