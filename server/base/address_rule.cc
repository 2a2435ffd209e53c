#include "server/base/address_rule.h"

#include "server/base/host.h"
#include "server/base/text.h"

namespace portolan {

AddressRule::AddressRule(std::string_view text) : text_(LowerCase(text)) {}

std::optional<AddressRule> AddressRule::Parse(std::string_view text, std::string* problem) {
  AddressRule rule(text);
  rule.network_ = IpNetwork::Parse(text);
  if (rule.network_) return rule;
  if (text.find('/') != std::string_view::npos) {
    *problem = "a network is ADDRESS/BITS, as in 10.0.0.0/8 or fd00::/8";
    return std::nullopt;
  }
  const bool suffix = text.starts_with('.');
  const std::string_view name = suffix ? text.substr(1) : text;
  std::string ignored;
  // An address is no name, neither in brackets nor behind the dot of a suffix.
  if (!ParseHost(name, &rule.name_, &ignored) || ParseIp(rule.name_)) {
    *problem =
        "it must be a network (10.0.0.0/8), an IP address, a host name (llm.internal) or a suffix "
        "(.internal)";
    return std::nullopt;
  }
  if (suffix) rule.name_.insert(0, 1, '.');
  return rule;
}

bool AddressRule::HasHost(std::string_view host) const {
  if (name_.empty()) return false;
  return name_.front() == '.' ? host.ends_with(name_) && host.size() > name_.size() : host == name_;
}

}  // namespace portolan
