#include "server/config/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/config/fake_environment.h"

namespace portolan::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::array<std::string_view, 2> kNames = {"GEMINI_API_KEY", "GOOGLE_API_KEY"};

TEST(EnvironmentKeys, ComeInOrderOfPreference) {
  const auto keys = ReadEnvironmentKeys(
      kNames, FakeEnvironment(
                  {{"GOOGLE_API_KEY", "second"}, {"GEMINI_API_KEY", "first\n"}, {"OPENAI_API_KEY", "x"}}));
  ASSERT_TRUE(keys.ok());
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].variable, "GEMINI_API_KEY");
  EXPECT_EQ((*keys)[0].key.Reveal(), "first");
  EXPECT_EQ((*keys)[1].key.Reveal(), "second");
}

TEST(EnvironmentKeys, MayStandInSeveralVariables) {
  const std::string_view names[] = {"TOKEN", "ID:SECRET:SESSION?"};
  const auto read = [&](std::map<std::string, std::string> variables) {
    const auto keys = ReadEnvironmentKeys(names, FakeEnvironment(std::move(variables)));
    std::string all;
    if (!keys.ok()) return std::string(keys.status().message());
    for (const EnvironmentKey& key : *keys) all += key.variable + "=" + std::string(key.key.Reveal()) + " ";
    return all;
  };
  EXPECT_EQ(read({{"ID", "a"}, {"SECRET", "b"}}), "ID:SECRET:SESSION?=a:b ");
  EXPECT_EQ(read({{"ID", "a"}, {"SECRET", "b"}, {"SESSION", "c"}, {"TOKEN", "t"}}),
            "TOKEN=t ID:SECRET:SESSION?=a:b:c ");
  EXPECT_EQ(read({{"ID", "a"}, {"SESSION", "c"}}), "");
}

// As AWS's containers are told where to ask, and with what.
TEST(EnvironmentKeys, WhatIsMissingLeavesItsPlaceEmpty) {
  const std::string_view names[] = {"URI:FILE?:TOKEN?"};
  const auto read = [&](std::map<std::string, std::string> variables) {
    const auto keys = ReadEnvironmentKeys(names, FakeEnvironment(std::move(variables)));
    if (!keys.ok()) return std::string(keys.status().message());
    return keys->empty() ? std::string() : std::string(keys->front().key.Reveal());
  };
  EXPECT_EQ(read({{"URI", "/c"}}), "/c");
  EXPECT_EQ(read({{"URI", "/c"}, {"FILE", "/f"}}), "/c:/f");
  EXPECT_EQ(read({{"URI", "/c"}, {"TOKEN", "/t"}}), "/c::/t");
  EXPECT_EQ(read({{"URI", "/c"}, {"FILE", "/f"}, {"TOKEN", "t"}}), "/c:/f:t");
  EXPECT_EQ(read({{"FILE", "/f"}, {"TOKEN", "t"}}), "");
  // A whole header.
  EXPECT_EQ(read({{"URI", "http://h/c"}, {"TOKEN", "Basic abcd"}}), "http://h/c::Basic abcd");
  EXPECT_THAT(read({{"URI", "http://h/c"}, {"TOKEN", "a\nb"}}), HasSubstr("URI:FILE?:TOKEN?"));
}

TEST(EnvironmentKeys, AreNoneIfNothingIsSet) {
  const auto keys = ReadEnvironmentKeys(kNames, FakeEnvironment({{"GEMINI_API_KEY", " \n"}}));
  ASSERT_TRUE(keys.ok());
  EXPECT_TRUE(keys->empty());
}

TEST(EnvironmentKeys, ThatCannotStandInAHeaderAreRefusedByNameOnly) {
  for (const std::string& bad : {std::string("se cret"), std::string("secret\r\nx: y"),
                                 std::string("secr\xC3\xA9t"), std::string(8193, 's')}) {
    const auto keys = ReadEnvironmentKeys(kNames, FakeEnvironment({{"GOOGLE_API_KEY", bad}}));
    ASSERT_FALSE(keys.ok());
    EXPECT_THAT(std::string(keys.status().message()),
                AllOf(HasSubstr("GOOGLE_API_KEY"), Not(HasSubstr(bad.substr(0, 3)))));
  }
}

}  // namespace
}  // namespace portolan::config
