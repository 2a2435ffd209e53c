#pragma once

#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/address_rule.h"

namespace portolan {

// A rule that is good; the test is at fault if it is not.
inline AddressRule Rule(std::string_view text) {
  std::string problem;
  auto rule = AddressRule::Parse(text, &problem);
  if (!rule) {
    std::cerr << text << ": " << problem << std::endl;
    std::abort();
  }
  return *std::move(rule);
}

inline std::vector<AddressRule> Rules(std::initializer_list<std::string_view> texts) {
  std::vector<AddressRule> rules;
  for (const std::string_view text : texts) rules.push_back(Rule(text));
  return rules;
}

}  // namespace portolan
