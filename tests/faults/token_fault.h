#pragma once

// What an endpoint that issues tokens may do wrong, as data: one row a fault, with what the call that needs
// the token comes to. The same rows make docs/reliability.md.

#include <string>
#include <vector>

#include "tests/support/fake_upstream.h"

namespace portolan::faults {

struct TokenFault {
  std::string name;  // a sentence's predicate: `answers with 500`
  int status = 502;
  std::string code = "token_unavailable";
  std::string message;  // part of what the caller reads
  test::FakeUpstream::Handler tokens;
};

std::vector<TokenFault> TokenFaults();

}  // namespace portolan::faults
