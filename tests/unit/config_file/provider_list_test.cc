#include "server/config_file/provider_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace portolan::config {
namespace {

using ::testing::HasSubstr;

TEST(ProviderTable, IsThatOfTheDocumentation) {
  std::ifstream file("docs/providers.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string begin = "<!-- made by scripts/provider-table -->\n";
  EXPECT_THAT(page.str(), HasSubstr(begin + ProviderTable(providers::BuiltInCatalog()) + "<!-- end -->\n"))
      << "make it anew: scripts/provider-table";
}

TEST(ProviderLines, TellNameDialectAddressAndVariables) {
  providers::Catalog catalog;
  for (const providers::Provider& provider : providers::BuiltInCatalog().providers) {
    if (provider.name == "echo" || provider.name == "groq" || provider.name == "aibadgr") {
      catalog.providers.push_back(provider);
    }
  }
  EXPECT_EQ(ProviderLines(catalog),
            "aibadgr  openai  https://aibadgr.com/api/v1      -\n"
            "echo     openai  (inside the gateway)            -\n"
            "groq     openai  https://api.groq.com/openai/v1  GROQ_API_KEY\n");
}

}  // namespace
}  // namespace portolan::config
