#pragma once

// A table of chat requests: what the hub says, and what must be sent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/providers/cohere/harness.h"

namespace portolan::providers::cohere {

struct RequestCase {
  const char* name;
  // Members of the hub's request; without `messages` a user says `hi`.
  const char* hub;
  // The request that must be sent, likewise, without `model` and `stream: false`.
  const char* wire;
  std::vector<std::string> dropped = {};
  std::string_view model = kModel;
};

inline void PrintTo(const RequestCase& one, std::ostream* out) { *out << one.name; }
inline std::string NameOfCase(const testing::TestParamInfo<RequestCase>& info) { return info.param.name; }

inline nlohmann::json WithDefaults(const char* text, std::string_view model) {
  nlohmann::json request = nlohmann::json::parse(text);
  if (!request.contains("messages")) {
    request["messages"] = nlohmann::json::parse(R"([{"role":"user","content":"hi"}])");
  }
  request["model"] = model;
  return request;
}

inline void ExpectSent(const RequestCase& one) {
  const auto sent = TheHarness().Encode(WithDefaults(one.hub, one.model));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  nlohmann::json expected = WithDefaults(one.wire, one.model);
  expected["stream"] = false;
  EXPECT_EQ(sent.wire, expected);
  EXPECT_THAT(sent.dropped, testing::UnorderedElementsAreArray(one.dropped));
}

struct RefusalCase {
  const char* name;
  const char* hub;
  const char* param;
};
inline void PrintTo(const RefusalCase& one, std::ostream* out) { *out << one.name; }
inline std::string NameOfRefusal(const testing::TestParamInfo<RefusalCase>& info) { return info.param.name; }

inline void ExpectRefused(const RefusalCase& one) {
  const auto sent = TheHarness().Encode(WithDefaults(one.hub, kModel));
  ASSERT_TRUE(sent.error) << sent.text;
  EXPECT_EQ(sent.error->http_status, 400);
  EXPECT_EQ(sent.error->param, one.param);
}

}  // namespace portolan::providers::cohere
