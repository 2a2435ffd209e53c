#pragma once

// A table of requests: what the hub says, and what must be sent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/providers/bedrock/harness.h"

namespace portolan::providers::bedrock {

struct RequestCase {
  const char* name;
  // Members of the hub's request; without `messages` a user says `hi`.
  const char* hub;
  // The request that must be sent, likewise.
  const char* wire;
  std::vector<std::string> dropped = {};
  std::string_view model = kModel;
};

inline void PrintTo(const RequestCase& one, std::ostream* out) { *out << one.name; }
inline std::string NameOfCase(const testing::TestParamInfo<RequestCase>& info) { return info.param.name; }

inline const Harness& TheHarness() {
  static const Harness* const harness = new Harness;
  return *harness;
}

inline nlohmann::json WithMessages(const char* text, const char* messages) {
  nlohmann::json request = nlohmann::json::parse(text);
  if (!request.contains("messages")) request["messages"] = nlohmann::json::parse(messages);
  return request;
}

inline nlohmann::json HubOf(const char* text, std::string_view model = kModel) {
  nlohmann::json hub = WithMessages(text, R"([{"role":"user","content":"hi"}])");
  hub["model"] = model;
  return hub;
}

inline void ExpectSent(const RequestCase& one) {
  const auto sent = TheHarness().Encode(HubOf(one.hub, one.model));
  ASSERT_FALSE(sent.error) << sent.error->message << " at " << sent.error->param;
  EXPECT_EQ(sent.wire, WithMessages(one.wire, R"([{"role":"user","content":[{"text":"hi"}]}])"));
  EXPECT_THAT(sent.dropped, testing::UnorderedElementsAreArray(one.dropped));
}

struct RefusalCase {
  const char* name;
  const char* hub;
  const char* param;
  std::string_view model = kModel;
};
inline void PrintTo(const RefusalCase& one, std::ostream* out) { *out << one.name; }
inline std::string NameOfRefusal(const testing::TestParamInfo<RefusalCase>& info) { return info.param.name; }

inline void ExpectRefused(const RefusalCase& one) {
  const auto sent = TheHarness().Encode(HubOf(one.hub, one.model));
  ASSERT_TRUE(sent.error) << sent.text;
  EXPECT_EQ(sent.error->http_status, 400);
  EXPECT_EQ(sent.error->param, one.param);
}

}  // namespace portolan::providers::bedrock
