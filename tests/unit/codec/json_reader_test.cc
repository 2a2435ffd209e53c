#include "server/codec/json_reader.h"

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace portolan::codec {
namespace {

using testing::ElementsAre;

struct Verdict {
  std::string text;
  bool is_json;
};

// By RFC 8259; the names of JSONTestSuite's categories where they helped to think of cases.
TEST(JsonReaderTest, AcceptsWhatRfc8259Allows) {
  const std::vector<Verdict> cases = {
      {"0", true},
      {"-0", true},
      {"1", true},
      {"-1", true},
      {"10", true},
      {"1.5", true},
      {"1e5", true},
      {"1E+5", true},
      {"1e-5", true},
      {"0.0", true},
      {"0e0", true},
      {"-0.0E-0", true},
      {"123456789012345678901234567890", true},
      {"01", false},
      {"-01", false},
      {"1.", false},
      {".5", false},
      {"-", false},
      {"+1", false},
      {"1e", false},
      {"1e+", false},
      {"1.e1", false},
      {"0x1", false},
      {"1_0", false},
      {"1 2", false},
      {"NaN", false},
      {"Infinity", false},
      {"-Infinity", false},
      {"--1", false},
      {"01.2.3", false},
      {"true", true},
      {"false", true},
      {"null", true},
      {"nul", false},
      {"nul1", false},
      {"nulll", false},
      {"True", false},
      {"tru", false},
      {"\"\"", true},
      {"\"a\"", true},
      {"\"", false},
      {"\"a", false},
      {"'a'", false},
      {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", true},
      {"\"\\x\"", false},
      {"\"\\u12\"", false},
      {"\"\\u12g4\"", false},
      {"\"\\U0041\"", false},
      {"\"\\\"", false},
      {"\"\\", false},
      {"\"\\u\"", false},
      {"\"\t\"", false},
      {"\"\n\"", false},
      {std::string("\"\0\"", 3), false},
      {std::string("1\0", 2), false},
      {std::string("\0", 1), false},
      {"\"\x7f\"", true},
      {"\"\u00e9\u4e2d\U0001F600\"", true},
      {"\"\x80\"", false},
      {"\"\xc0\xaf\"", false},
      {"\"\xed\xa0\x80\"", false},
      {"\"\xf4\x90\x80\x80\"", false},
      {"\"\xe4\xb8\"", false},
      {"\xef\xbb\xbf{}", false},
      {"[]", true},
      {"[ ]", true},
      {"[1]", true},
      {"[1,2]", true},
      {" [ 1 , 2 ] ", true},
      {"\t\r\n[\t1\r,\n2]", true},
      {"\v[]", false},
      {"[\u00a0]", false},
      {"[,]", false},
      {"[1,]", false},
      {"[,1]", false},
      {"[1,,2]", false},
      {"[1 2]", false},
      {"[", false},
      {"]", false},
      {"[1", false},
      {"[1}", false},
      {"[[]", false},
      {"[]]", false},
      {"{}", true},
      {"{ }", true},
      {"{\"a\":1}", true},
      {"{ \"a\" : 1 , \"b\" : 2 }", true},
      {"{\"a\":1,}", false},
      {"{,}", false},
      {"{\"a\"}", false},
      {"{\"a\":}", false},
      {"{:1}", false},
      {"{a:1}", false},
      {"{1:1}", false},
      {"{\"a\" 1}", false},
      {"{\"a\":1 \"b\":2}", false},
      {"{\"a\":1]", false},
      {"{\"a\":{\"x\":\"y\"]},\"b\":1}", false},
      {"{\"x\":nul1,\"y\":01.2.3}", false},
      {"{\"x\":1 2 3,,}", false},
      {"{", false},
      {"}", false},
      {"{}{}", false},
      {"{} x", false},
      {"", false},
      {" ", false},
      {"// c\n1", false},
      {"/**/1", false},
  };
  for (const Verdict& c : cases) {
    EXPECT_EQ(IsJson(c.text), c.is_json) << c.text;
    // The oracle takes NUL for the end of the text and skips a byte order mark.
    if (c.text.find('\0') != std::string::npos || c.text.starts_with("\xef\xbb\xbf")) continue;
    EXPECT_EQ(nlohmann::json::accept(c.text), c.is_json) << "the oracle: " << c.text;
  }
}

constexpr std::string_view kDocument =
    R"({"a":[1,-2.5e+1,true,false,null,"x\u00e9\ud83d\ude00\n"],"zzzz":{"beta":{},"gamma":[]},"long text that needs more than sixteen bytes":"and so )"
    R"(does this one, \"quoted\" in places"})";

TEST(JsonReaderTest, NoPrefixOfADocumentIsOne) {
  ASSERT_TRUE(IsJson(kDocument));
  for (size_t size = 0; size < kDocument.size(); ++size) {
    // A copy of its own, so that reading past the end is caught under AddressSanitizer.
    const std::string prefix(kDocument.substr(0, size));
    EXPECT_FALSE(IsJson(std::string_view(prefix.data(), prefix.size()))) << prefix;
  }
}

// Whether a text that is JSON but for that holds half of a surrogate pair (RFC 8259, section 8.2), which its
// grammar allows and the oracle refuses.
bool HasLoneSurrogate(std::string_view text) {
  bool high = false;  // an escape of a first half has just ended
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\';
    const bool unicode = escape && text.substr(i + 1, 1) == "u";
    const unsigned long unit = unicode ? std::stoul(std::string(text.substr(i + 2, 4)), nullptr, 16) : 0;
    const bool second = unit >= 0xDC00 && unit <= 0xDFFF;
    if (second != high) return true;
    high = unit >= 0xD800 && unit <= 0xDBFF;
    if (unicode) {
      i += 5;
    } else if (escape) {
      i += 1;
    }
  }
  return high;
}

TEST(JsonReaderTest, AgreesWithTheOracleOnMutations) {
  std::mt19937 random(7);
  const std::string_view alphabet = "{}[]\",:\\u0019eE+-.tfn \n\x01\x80\xc3";
  int accepted = 0;
  for (int i = 0; i < 40000; ++i) {
    std::string text(kDocument);
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
      const size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1);
      }
    }
    // Strictly, as duplicate keys cannot come about here.
    JsonReader reader(text);
    const bool ours = reader.Skip(nullptr, true) && reader.AtEnd();
    ASSERT_EQ(ours && !HasLoneSurrogate(text), nlohmann::json::accept(text)) << text;
    accepted += ours;
  }
  EXPECT_GT(accepted, 1000);
}

TEST(JsonReaderTest, ControlCharactersAreFoundAtEveryPlace) {
  for (size_t length = 1; length < 70; ++length) {
    for (size_t at = 0; at < length; ++at) {
      std::string text = "\"" + std::string(length, 'x') + "\"";
      text[1 + at] = '\x1f';
      EXPECT_FALSE(IsJson(text)) << length << ' ' << at;
      text[1 + at] = ' ';
      EXPECT_TRUE(IsJson(text)) << length << ' ' << at;
      text[1 + at] = '"';
      EXPECT_FALSE(IsJson(text)) << length << ' ' << at;
      text[1 + at] = '\\';
      EXPECT_EQ(IsJson(text), false) << length << ' ' << at;
    }
  }
}

TEST(JsonReaderTest, DepthIsBounded) {
  for (const int depth : {1, 2, 128, 1024}) {
    const auto nested = [](int n) {
      std::string text;
      for (int i = 0; i < n; ++i) text.append(i % 2 == 0 ? "[" : "{\"k\":");
      if (n % 2 == 0) text.append("1");
      for (int i = n - 1; i >= 0; --i) text.append(i % 2 == 0 ? "]" : "}");
      return text;
    };
    EXPECT_TRUE(IsJson(nested(depth), depth)) << depth;
    EXPECT_FALSE(IsJson(nested(depth + 1), depth)) << depth;
  }
  EXPECT_FALSE(IsJson(std::string(5000, '['), 1 << 30));
  EXPECT_FALSE(IsJson("[]", 0));
  EXPECT_TRUE(IsJson("1", 0));
}

std::string Unescaped(std::string_view text, LoneSurrogate policy) {
  JsonReader reader(text);
  std::string scratch;
  std::string_view value;
  if (reader.Peek() != JsonType::kString || !reader.ReadString(&value, &scratch, policy) || !reader.AtEnd()) {
    return std::string("error: ") + reader.problem();
  }
  return std::string(value);
}

TEST(JsonReaderTest, EscapesAreUndone) {
  EXPECT_EQ(Unescaped(R"("\"\\\/\b\f\n\r\t")", LoneSurrogate::kReject), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(Unescaped(R"("\u0041\u00e9\u4E2d\uD83D\uDE00")", LoneSurrogate::kReject),
            "A\u00e9\u4e2d\U0001F600");
  EXPECT_EQ(Unescaped(R"("\uD800\uDC00\uDBFF\uDFFF")", LoneSurrogate::kReject), "\U00010000\U0010FFFF");
  EXPECT_EQ(Unescaped(R"("a\u0000b")", LoneSurrogate::kReject), std::string("a\0b", 3));
}

TEST(JsonReaderTest, LoneSurrogatesAreRefusedOrReplaced) {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\u0041")",
                           R"("\ud800\ud800")", R"("\udc00\ud800")", R"("\ud83d\n")"}) {
    EXPECT_EQ(Unescaped(text, LoneSurrogate::kReject), "error: a surrogate escape without its partner")
        << text;
    EXPECT_TRUE(IsJson(text)) << text;
    JsonReader strict(text);
    EXPECT_TRUE(strict.Skip(nullptr, true)) << text;
  }
  EXPECT_EQ(Unescaped(R"("a\ud800b")", LoneSurrogate::kReplace), "a\uFFFDb");
  EXPECT_EQ(Unescaped(R"("\ud800\ud83d\ude00")", LoneSurrogate::kReplace), "\uFFFD\U0001F600");
  EXPECT_EQ(Unescaped(R"("\ud800\u0041")", LoneSurrogate::kReplace), "\uFFFDA");
}

TEST(JsonReaderTest, DuplicateKeysAreFoundAfterUnescaping) {
  const std::vector<Verdict> cases = {
      {R"({"a":1,"b":2})", true},
      {R"({"a":1,"a":2})", false},
      {R"({"a":1,"\u0061":2})", false},
      {R"({"\u0061":1,"\u0061":2})", false},
      {R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})", true},
      {R"({"a":[{"x":1,"y":2,"x":3}]})", false},
      {R"({"":1,"":2})", false},
      {R"({"\ud83d\ude00":1,"😀":2})", false},
  };
  for (const Verdict& c : cases) {
    JsonReader reader(c.text);
    EXPECT_EQ(reader.Skip(nullptr, true), c.is_json) << c.text;
    EXPECT_TRUE(IsJson(c.text)) << c.text;
  }
}

TEST(JsonReaderTest, DuplicatesAmongManyKeysAreFoundToo) {
  std::string many = "{";
  for (int i = 0; i < 5000; ++i) many += "\"key" + std::to_string(i) + "\":0,";
  const std::string once = many + "\"z\":1}";
  JsonReader unique(once);
  EXPECT_TRUE(unique.Skip(nullptr, true));
  const std::string twice = many + "\"key77\":1,\"key9\":1}";
  JsonReader repeated(twice);
  EXPECT_FALSE(repeated.Skip(nullptr, true));
  EXPECT_EQ(repeated.offset(), twice.rfind("\"key77\""));
}

TEST(JsonReaderTest, ErrorsSayWhatAndWhere) {
  struct Case {
    std::string text;
    size_t offset;
    const char* problem;
  };
  const std::vector<Case> cases = {{"{\"a\":1,}", 7, "a member's name should be here"},
                                   {"[1 2]", 3, "',' or ']' should be here"},
                                   {"[1,]", 3, "a value should be here"},
                                   {"{} x", 3, "text after the end of the value"},
                                   {"[\"a\xff\"]", 3, "invalid UTF-8"},
                                   {"[\"a\\q\"]", 3, "invalid escape"},
                                   {"[\"a\x01\"]", 3, "a control character inside a string"},
                                   {"[-x]", 1, "malformed number"},
                                   {"", 0, "the text ends where a value should be"}};
  for (const Case& c : cases) {
    JsonReader reader(c.text);
    EXPECT_FALSE(reader.Skip() && reader.AtEnd()) << c.text;
    EXPECT_STREQ(reader.problem(), c.problem) << c.text;
    EXPECT_EQ(reader.offset(), c.offset) << c.text;
    // And it stays so.
    EXPECT_EQ(reader.Peek(), JsonType::kInvalid);
    EXPECT_FALSE(reader.Skip());
    EXPECT_STREQ(reader.problem(), c.problem) << c.text;
    EXPECT_EQ(reader.offset(), c.offset) << c.text;
  }
}

TEST(JsonReaderTest, PicksOutMembersOnThePath) {
  JsonReader reader(R"( {"skip":{"a":[1,{"b":2}]}, "us\u0061ge" : {"total" : 17}, "last":[ "x" , "y" ]} )");
  ASSERT_EQ(reader.Peek(), JsonType::kObject);
  ASSERT_TRUE(reader.EnterObject());
  std::string scratch;
  std::vector<std::string> seen;
  for (std::string_view key; reader.NextMember(&key, &scratch);) {
    seen.emplace_back(key);
    if (key == "usage") {
      std::string_view raw;
      EXPECT_EQ(reader.Peek(), JsonType::kObject);
      EXPECT_TRUE(reader.Skip(&raw));
      EXPECT_EQ(raw, R"({"total" : 17})");
    } else if (key == "last") {
      EXPECT_EQ(reader.Peek(), JsonType::kArray);
      EXPECT_TRUE(reader.EnterArray());
      while (reader.NextElement()) {
        std::string_view text;
        EXPECT_EQ(reader.Peek(), JsonType::kString);
        EXPECT_TRUE(reader.ReadString(&text, &scratch));
        seen.emplace_back(text);
      }
    } else {
      EXPECT_TRUE(reader.Skip());
    }
  }
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_THAT(seen, ElementsAre("skip", "usage", "last", "x", "y"));
}

}  // namespace
}  // namespace portolan::codec
