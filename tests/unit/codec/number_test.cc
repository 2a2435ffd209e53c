#include "server/codec/number.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace portolan::codec {
namespace {

template <typename T>
std::string Integer(std::string_view text) {
  T value = 0;
  switch (ParseInteger(text, &value)) {
    case NumberError::kNone:
      return std::to_string(value);
    case NumberError::kNotInteger:
      return "not an integer";
    case NumberError::kOutOfRange:
      return "out of range";
  }
  return "";
}

TEST(NumberTest, IntegersMayBeSpeltWithFractionsAndExponents) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0", "0"},
      {"-0", "0"},
      {"0.0", "0"},
      {"-0.0e7", "0"},
      {"0e99999999999999999999", "0"},
      {"1", "1"},
      {"1.0", "1"},
      {"1e3", "1000"},
      {"1E+3", "1000"},
      {"12.5e1", "125"},
      {"100e-2", "1"},
      {"1000000000000000000000e-20", "10"},
      {"0.001e3", "1"},
      {"0.00100e5", "100"},
      {"1.5", "not an integer"},
      {"1e-1", "not an integer"},
      {"0.1", "not an integer"},
      {"10.01e1", "not an integer"},
      {"9007199254740993", "9007199254740993"},
      {"9007199254740993.0", "9007199254740993"},
      {"9223372036854775807", "9223372036854775807"},
      {"9223372036854775807.000", "9223372036854775807"},
      {"922337203685477580.7e1", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"-9223372036854775808.0", "-9223372036854775808"},
      {"9223372036854775808", "out of range"},
      {"-9223372036854775809", "out of range"},
      {"1e19", "out of range"},
      {"1e99999999999999999999", "out of range"},
      {"1e-99999999999999999999", "not an integer"},
      {"123456789012345678901234567890", "out of range"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(Integer<int64_t>(text), expected) << text;
  EXPECT_EQ(Integer<int64_t>("1" + std::string(100000, '0')), "out of range");
  EXPECT_EQ(Integer<int64_t>("1" + std::string(100000, '0') + "e-100000"), "1");
}

TEST(NumberTest, EachIntegerTypeHasItsRange) {
  EXPECT_EQ(Integer<uint64_t>("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(Integer<uint64_t>("1844674407370955161.5e1"), "18446744073709551615");
  EXPECT_EQ(Integer<uint64_t>("18446744073709551616"), "out of range");
  EXPECT_EQ(Integer<uint64_t>("-1"), "out of range");
  EXPECT_EQ(Integer<uint64_t>("-1.0"), "out of range");
  EXPECT_EQ(Integer<uint64_t>("-0"), "0");
  EXPECT_EQ(Integer<int32_t>("2147483647"), "2147483647");
  EXPECT_EQ(Integer<int32_t>("2147483648"), "out of range");
  EXPECT_EQ(Integer<int32_t>("-2147483648e0"), "-2147483648");
  EXPECT_EQ(Integer<uint32_t>("4294967295"), "4294967295");
  EXPECT_EQ(Integer<uint32_t>("4294967296"), "out of range");
}

TEST(NumberTest, RealsAreWhatStrtodSays) {
  for (const char* text :
       {"0", "-0", "1", "0.1", "1e308", "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324",
        "2e-324", "2.2250738585072011e-308", "2.2250738585072014e-308", "9007199254740993", "1e23",
        "8.5e-400", "-1e-400", "0.000000000000000000000000000000000000001e39",
        "123456789012345678901234567890", "0e400", "3.141592653589793"}) {
    double value = 7;
    ASSERT_EQ(ParseReal(text, &value), NumberError::kNone) << text;
    const double expected = std::strtod(text, nullptr);
    EXPECT_EQ(std::memcmp(&value, &expected, sizeof(value)), 0) << text << ' ' << value;
  }
  double value = 0;
  for (const char* text : {"1e309", "-1e400", "1.8e308", "1e99999999999999999999", "0.1e999"}) {
    EXPECT_EQ(ParseReal(text, &value), NumberError::kOutOfRange) << text;
  }
  EXPECT_EQ(ParseReal("0." + std::string(1000, '0') + "1e900", &value), NumberError::kNone);
  float single = 0;
  EXPECT_EQ(ParseReal("1e39", &single), NumberError::kOutOfRange);
  EXPECT_EQ(ParseReal("1e-60", &single), NumberError::kNone);
  EXPECT_EQ(single, 0.0F);
}

TEST(NumberTest, RealsAreWrittenSoThatTheyReadBack) {
  for (const double value :
       {0.0, -0.0, 1.0, 0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 1.0 / 3, 100000.0}) {
    std::string text;
    AppendNumber(value, &text);
    double back = 7;
    ASSERT_EQ(ParseReal(text, &back), NumberError::kNone) << text;
    EXPECT_EQ(std::memcmp(&value, &back, sizeof(value)), 0) << text;
  }
  std::string text;
  AppendNumber(std::numeric_limits<double>::quiet_NaN(), &text);
  AppendNumber(std::numeric_limits<double>::infinity(), &text);
  EXPECT_EQ(text, "nullnull");
}

TEST(NumberTest, FewDecimalsAreWrittenAsToCharsWritesThem) {
  const auto expect_same = [](double value) {
    char expected[32];
    const auto end = std::to_chars(expected, expected + sizeof(expected), value).ptr;
    char written[32];
    ASSERT_EQ(std::string_view(written, WriteReal(value, written)), std::string_view(expected, end));
  };
  for (int units = 0; units < 2'000'000; units += 7) {
    const double value = units / 1e6;
    expect_same(value);
    expect_same(std::nextafter(value, 2.0));
    expect_same(std::nextafter(value, -1.0));
    expect_same(units / 1e3);
    expect_same(-value);
  }
  for (const double value : {0.001, 0.00099, 0.0001, 999.999999, 1000.0, 999.0, 100.0, 1e-7})
    expect_same(value);
}

TEST(NumberTest, DurationsAreSeconds) {
  struct Case {
    std::string text;
    int64_t seconds;
    int32_t nanos;
    std::string written;
  };
  const std::vector<Case> cases = {{"0s", 0, 0, "0s"},
                                   {"1.5s", 1, 500000000, "1.5s"},
                                   {"-1.25s", -1, -250000000, "-1.25s"},
                                   {"-0.5s", 0, -500000000, "-0.5s"},
                                   {"0.000000001s", 0, 1, "0.000000001s"},
                                   {"3.0s", 3, 0, "3s"},
                                   {"315576000000s", 315576000000, 0, "315576000000s"}};
  for (const Case& c : cases) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    ASSERT_TRUE(ParseDuration(c.text, &seconds, &nanos)) << c.text;
    EXPECT_EQ(seconds, c.seconds) << c.text;
    EXPECT_EQ(nanos, c.nanos) << c.text;
    std::string written;
    AppendDuration(seconds, nanos, &written);
    EXPECT_EQ(written, '"' + c.written + '"');
  }
  for (const char* text : {"", "s", "1", "1 s", "1.s", ".5s", "1.0000000000s", "315576000001s",
                           "9999999999999s", "--1s", "+1s", "1e3s", "0x1s", "1.5ms"}) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    EXPECT_FALSE(ParseDuration(text, &seconds, &nanos)) << text;
  }
}

}  // namespace
}  // namespace portolan::codec
