#include "tests/faults/reliability_page.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace portolan::faults {
namespace {

TEST(ReliabilityPage, SaysWhatTheTestsTest) {
  std::ifstream file("docs/reliability.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), ReliabilityPage())
      << "make it anew: build/release/tests/faults/reliability_page > docs/reliability.md";
}

}  // namespace
}  // namespace portolan::faults
