#pragma once

// What the tests of fidelity share: a set of ways through the gateway, and what is expected of each.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/ways.h"

namespace portolan::conformance {

class Fidelity : public ::testing::Test {
 protected:
  // One pair of gateways for all tests of the program.
  static Ways& ways();

  // Sends a request every way and expects it at the provider: spliced, byte for byte; else with the same
  // values. Every one of `verbatim` must be there byte for byte every way.
  static void ExpectRequestKept(const std::string& body, const std::vector<std::string>& verbatim = {},
                                Endpoint endpoint = Endpoint::kChat);

  // Lets the provider answer so, and expects the answer at the caller: by REST, byte for byte; by gRPC, with
  // the same values.
  static void ExpectAnswerKept(const std::string& answer, Endpoint endpoint = Endpoint::kChat);
  // The same for the events of a stream of which each of `events` is the data of one.
  static void ExpectEventsKept(const std::vector<std::string>& events);

  // Expects a 400 of REST, both ways, with just this message, naming `param`; the provider sees nothing.
  static void ExpectRefused(const std::string& body, std::string_view message, std::string_view param = {});

  static test::Script PlainAnswer(Endpoint endpoint);
};

}  // namespace portolan::conformance
