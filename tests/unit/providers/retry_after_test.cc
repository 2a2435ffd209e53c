#include "providers/retry_after.h"

#include <gtest/gtest.h>

#include <vector>

#include "providers/classify.h"

namespace portolan::providers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kIn2026 = 1772323200;  // 1 March

// The example of RFC 9110, section 5.6.7, in its three forms.
TEST(ParseHttpDate, TakesAllThreeForms) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", kIn2026), 784111777);
  EXPECT_EQ(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", kIn2026), 784111777);
  EXPECT_EQ(ParseHttpDate("Sun Nov  6 08:49:37 1994", kIn2026), 784111777);
  EXPECT_EQ(ParseHttpDate("Thu, 29 Feb 2024 23:59:59 GMT", kIn2026), 1709251199);
  EXPECT_EQ(ParseHttpDate("Thu Feb 29 23:59:59 2024", kIn2026), 1709251199);
}

TEST(ParseHttpDate, ReadsTwoDigitsAsTheLastYearThatIsNotMoreThan50YearsAhead) {
  EXPECT_EQ(ParseHttpDate("Sunday, 01-Mar-76 00:00:00 GMT", kIn2026), 3350246400);    // 2076
  EXPECT_EQ(ParseHttpDate("Tuesday, 01-Mar-77 00:00:00 GMT", kIn2026), 226022400);    // 1977
  EXPECT_EQ(ParseHttpDate("Wednesday, 01-Mar-00 00:00:00 GMT", kIn2026), 951868800);  // 2000
}

TEST(ParseHttpDate, RefusesAnythingElse) {
  for (const char* text : {"",
                           "soon",
                           "Sun",
                           "Sun,",
                           "Sun, 06 Now 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Sun, 32 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08-49:37 GMT",
                           "Sun,06 Nov 1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "Sunday, 06-Nov-9x 08:49:37 GMT",
                           "Sunday, 06 Nov 94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 94",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "Sun, +6 Nov 1994 08:49:37 GMT",
                           "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(ParseHttpDate(text, kIn2026)) << text;
  }
}

struct Case {
  std::vector<HeaderView> headers;
  std::optional<milliseconds> expected;
};

TEST(RetryAfter, TakesEveryForm) {
  const HeaderView date = {"date", "Sun, 06 Nov 1994 08:49:37 GMT"};
  const Case cases[] = {
      {{}, std::nullopt},
      {{{"retry-after", "3"}}, seconds(3)},
      {{{"retry-after", "0"}}, seconds(0)},
      {{{"retry-after", "3"}, {"retry-after-ms", "250"}}, milliseconds(250)},
      {{{"retry-after", "3"}, {"retry-after-ms", "soon"}}, seconds(3)},
      {{{"x-ms-retry-after-ms", "10"}}, milliseconds(10)},
      {{{"x-ms-retry-after-ms", "10"}, {"retry-after-ms", "20"}}, milliseconds(20)},
      {{{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}, date}, seconds(10)},
      {{{"retry-after", "Sunday, 06-Nov-94 08:50:37 GMT"}, date}, seconds(60)},
      {{{"retry-after", "Sun Nov  6 09:49:37 1994"}, date}, seconds(3600)},
      {{{"retry-after", "Sun Nov  6 08:49:38 1994"}, {"date", "Sun Nov  6 08:49:37 1994"}}, seconds(1)},
      {{{"retry-after", "Sun, 06 Nov 1994 08:49:38 GMT"}, {"date", "Sunday, 06-Nov-94 08:49:37 GMT"}},
       seconds(1)},
      {{{"retry-after", "Sun, 06 Nov 1994 08:49:27 GMT"}, date}, seconds(0)},
      {{{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}}, std::nullopt},
      {{{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}, {"date", "today"}}, std::nullopt},
      {{{"retry-after", "soon"}, date}, std::nullopt},
      {{{"retry-after", "-1"}}, std::nullopt},
      {{{"retry-after", "+1"}}, std::nullopt},
      {{{"retry-after", ""}}, std::nullopt},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(RetryAfter(test.headers), test.expected) << (test.headers.empty() ? "" : test.headers[0].value);
  }
}

TEST(RetryAfter, IsAYearAtMost) {
  constexpr milliseconds kYear = std::chrono::hours(24 * 365);
  for (const std::string_view value : {"99999999", "9223372036854775807", "99999999999999999999999"}) {
    const HeaderView in_seconds[] = {{"retry-after", value}};
    EXPECT_EQ(RetryAfter(in_seconds), kYear) << value;
  }
  const HeaderView in_ms[] = {{"retry-after-ms", "9223372036854775807"}};
  EXPECT_EQ(RetryAfter(in_ms), kYear);
  const HeaderView until[] = {{"retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"},
                              {"date", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  EXPECT_EQ(RetryAfter(until), kYear);
}

// The examples of https://platform.openai.com/docs/guides/rate-limits, and what Go makes of durations.
TEST(RateLimitReset, ReadsDurations) {
  struct Duration {
    const char* text;
    std::optional<milliseconds> expected;
  };
  const Duration cases[] = {
      {"1s", seconds(1)},
      {"6m0s", seconds(360)},
      {"20ms", milliseconds(20)},
      {"7.66s", milliseconds(7660)},
      {"2m59.56s", milliseconds(179560)},
      {"1h12m", seconds(4320)},
      {"1d2h", seconds(26 * 3600)},
      {"0s", seconds(0)},
      {"500us", milliseconds(1)},
      {"500\u00b5s", milliseconds(1)},
      {"1ns", milliseconds(1)},
      {"99999999999d", std::chrono::hours(24 * 365)},
      {"", std::nullopt},
      {"5", std::nullopt},
      {"s", std::nullopt},
      {"5x", std::nullopt},
      {"-1s", std::nullopt},
      {"1s2", std::nullopt},
      {"infs", std::nullopt},
      {"1e3s", std::nullopt},
  };
  for (const Duration& test : cases) {
    const HeaderView headers[] = {{"x-ratelimit-remaining-requests", "0"},
                                  {"x-ratelimit-reset-requests", test.text}};
    EXPECT_EQ(RateLimitReset(headers), test.expected) << test.text;
  }
}

// https://docs.anthropic.com/en/api/rate-limits: "in RFC 3339 format".
TEST(RateLimitReset, ReadsTimestamps) {
  struct Time {
    const char* text;
    std::optional<milliseconds> expected;
  };
  const Time cases[] = {
      {"2025-05-14T07:15:30Z", seconds(30)},
      {"2025-05-14T07:15:30.9Z", seconds(30)},
      {"2025-05-14t07:15:30z", seconds(30)},
      {"2025-05-14T09:15:30+02:00", seconds(30)},
      {"2025-05-14T01:45:30-05:30", seconds(30)},
      {"2025-05-14T07:14:59Z", seconds(0)},
      {"2025-05-14", std::nullopt},
      {"2025-05-14 07:15:30Z", std::nullopt},
      {"2025-05-14T07:15:30", std::nullopt},
      {"2025-05-14T07:15:30+2", std::nullopt},
      {"2025-05-14T07:15:30+0x:00", std::nullopt},
      {"2025-13-14T07:15:30Z", std::nullopt},
      {"2025-05-14T25:15:30Z", std::nullopt},
      {"2025-05-14T07:15:30.", std::nullopt},
      {"30", std::nullopt},
  };
  for (const Time& test : cases) {
    const HeaderView headers[] = {{"date", "Wed, 14 May 2025 07:15:00 GMT"},
                                  {"anthropic-ratelimit-input-tokens-remaining", "0"},
                                  {"anthropic-ratelimit-input-tokens-reset", test.text}};
    EXPECT_EQ(RateLimitReset(headers), test.expected) << test.text;
  }
}

TEST(RateLimitReset, CountsOnlyLimitsThatAreUsedUp) {
  const Case cases[] = {
      {{{"x-ratelimit-remaining-requests", "59"}, {"x-ratelimit-reset-requests", "1s"}}, std::nullopt},
      {{{"x-ratelimit-reset-requests", "1s"}}, std::nullopt},
      {{{"x-ratelimit-remaining-requests", "0"}}, std::nullopt},
      {{{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-tokens", "1s"}}, std::nullopt},
      {{{"x-ratelimit-remaining-requests", "59"},
        {"x-ratelimit-reset-requests", "9s"},
        {"x-ratelimit-remaining-tokens", "0"},
        {"x-ratelimit-reset-tokens", "4s"}},
       seconds(4)},
      {{{"x-ratelimit-remaining-requests", "0"},
        {"x-ratelimit-reset-requests", "9s"},
        {"x-ratelimit-remaining-tokens", "0"},
        {"x-ratelimit-reset-tokens", "4s"}},
       seconds(9)},
      {{{"date", "Wed, 14 May 2025 07:15:00 GMT"},
        {"anthropic-ratelimit-requests-remaining", "1"},
        {"anthropic-ratelimit-requests-reset", "2025-05-14T07:15:30Z"}},
       std::nullopt},
      {{{"anthropic-ratelimit-requests-remaining", "0"},
        {"anthropic-ratelimit-requests-reset", "2025-05-14T07:15:30Z"}},
       std::nullopt},  // nobody knows what time it is
  };
  for (const Case& test : cases) EXPECT_EQ(RateLimitReset(test.headers), test.expected);
}

TEST(ClassifyStatus, AResetExplainsA429Only) {
  const HeaderView headers[] = {{"x-ratelimit-remaining-requests", "0"},
                                {"x-ratelimit-reset-requests", "2s"}};
  const auto classified = [](int status, std::span<const HeaderView> of) {
    Error error;
    error.message = "no";
    ClassifyStatus(status, of, Target(), &error);
    return error.retry_after;
  };
  EXPECT_EQ(classified(429, headers), seconds(2));
  EXPECT_EQ(classified(400, headers), std::nullopt);
  EXPECT_EQ(classified(503, headers), std::nullopt);

  const HeaderView both[] = {headers[0], headers[1], {"retry-after", "5"}};
  EXPECT_EQ(classified(429, both), seconds(5));
}

}  // namespace
}  // namespace portolan::providers
