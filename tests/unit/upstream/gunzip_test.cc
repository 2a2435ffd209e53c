#include "server/upstream/gunzip.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/support/gzip.h"

namespace portolan::upstream {
namespace {

using test::Gzip;

struct Inflated {
  std::string text;
  bool bad = false;
  bool complete = false;
};

Inflated Inflate(const std::string& wire, size_t in_size, size_t out_size) {
  const std::unique_ptr<Gunzip> gunzip = Gunzip::Create();
  std::string out(out_size, '\0');
  Inflated result;
  for (size_t at = 0; at < wire.size() && !result.bad; at += in_size) {
    const std::string piece = wire.substr(at, in_size);
    gunzip->Push(piece);
    size_t size = 0;
    Gunzip::Result step;
    while ((step = gunzip->Next(out, &size)) == Gunzip::Result::kData) {
      EXPECT_GT(size, 0u);
      result.text.append(out, 0, size);
    }
    result.bad = step == Gunzip::Result::kBad;
  }
  result.complete = gunzip->complete();
  return result;
}

TEST(Gunzip, InflatesWhateverTheCuts) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "line " + std::to_string(i * i) + "\n";
  const std::string wire = Gzip(text);
  for (const size_t in : {size_t{1}, size_t{7}, wire.size()}) {
    for (const size_t out : {size_t{1}, size_t{100}, size_t{100'000}}) {
      const Inflated inflated = Inflate(wire, in, out);
      EXPECT_EQ(inflated.text, text);
      EXPECT_TRUE(inflated.complete);
    }
  }
}

TEST(Gunzip, TakesSeveralMembers) {
  const Inflated inflated = Inflate(Gzip("one ") + Gzip("") + Gzip("two"), 3, 2);
  EXPECT_EQ(inflated.text, "one two");
  EXPECT_TRUE(inflated.complete);
}

TEST(Gunzip, KnowsWhenItWasCut) {
  const std::string wire = Gzip("some text that is long enough");
  for (size_t cut = 1; cut < wire.size(); ++cut) {
    const Inflated inflated = Inflate(wire.substr(0, cut), 1000, 1000);
    EXPECT_FALSE(inflated.complete) << cut;
    EXPECT_FALSE(inflated.bad) << cut;
  }
}

TEST(Gunzip, RefusesWhatIsNoGzip) {
  EXPECT_TRUE(Inflate("{\"json\":true}", 100, 100).bad);
  std::string damaged = Gzip("some text that is long enough");
  damaged[damaged.size() - 6] ^= 1;  // its checksum
  EXPECT_TRUE(Inflate(damaged, 1000, 1000).bad);
  EXPECT_TRUE(Inflate(Gzip("x") + "trailing", 1000, 1000).bad);
}

TEST(Gunzip, GivesNoMoreThanAskedForHoweverMuchThereIs) {
  const std::string wire = Gzip(std::string(10'000'000, 'a'));
  ASSERT_LT(wire.size(), 20'000u);
  const std::unique_ptr<Gunzip> gunzip = Gunzip::Create();
  gunzip->Push(wire);
  std::array<char, 1000> out;
  size_t size = 0;
  ASSERT_EQ(gunzip->Next(out, &size), Gunzip::Result::kData);
  EXPECT_EQ(size, 1000u);
}

}  // namespace
}  // namespace portolan::upstream
