#include "tests/compatibility/compatibility_page.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace portolan::compatibility {
namespace {

TEST(CompatibilityPage, SaysWhatTheTestsTest) {
  std::ifstream file("docs/portkey-compatibility.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), CompatibilityPage())
      << "make it anew: build/release/tests/compatibility/compatibility_page > docs/portkey-compatibility.md";
}

}  // namespace
}  // namespace portolan::compatibility
