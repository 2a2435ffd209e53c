// docs/guardrails.md has the table of checks that the code has.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "server/guardrails/check.h"

namespace portolan::guardrails {
namespace {

TEST(GuardrailsPage, HasTheTableOfChecks) {
  std::ifstream file("docs/guardrails.md");
  ASSERT_TRUE(file) << "run from the project's root";
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(page.find("\n" + CheckTableMarkdown()), std::string::npos)
      << "the table is not what `portolan guardrail checks` prints:\n"
      << CheckTableMarkdown();
}

}  // namespace
}  // namespace portolan::guardrails
