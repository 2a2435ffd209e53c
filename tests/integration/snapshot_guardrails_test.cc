// What calls see of the guardrails of a config file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "server/config/flags.h"
#include "server/guardrails/guardrail.h"
#include "server/snapshot_builder.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/config/fake_environment.h"

namespace portolan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SnapshotGuardrails : public ::testing::Test {
 protected:
  std::shared_ptr<const core::Snapshot> Build(const std::string& text) const {
    const std::string path = folder_.path() + "/portolan.yaml";
    std::ofstream(path) << text;
    const std::string config = "--config=" + path;
    const std::vector<std::string_view> arguments = {config};
    const auto environment = config::FakeEnvironment({{"A", "key-a"}, {"B", "key-b"}});
    const auto options = config::ParseServeFlags(arguments, environment);
    EXPECT_TRUE(options.ok()) << options.status();
    const auto settings = LoadSettings(*options, arguments, environment);
    EXPECT_TRUE(settings.ok()) << settings.status();
    if (!settings.ok()) return nullptr;
    auto snapshot = BuildSnapshot(*settings, {});
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    return snapshot.ok() ? *snapshot : nullptr;
  }

  const test::TempFolder folder_;
};

TEST_F(SnapshotGuardrails, AreOneObjectWhereverTheyAreNamed) {
  const auto snapshot = Build(
      "guardrails: {polite: {notNull: {}, reveal: true}, short: {wordCount: {maxWords: 9}, deny: true}}\n"
      "default_input_guardrails: [polite, {id: own, notNull: {}}]\n"
      "default_output_guardrails: [short]\n"
      "callers: {keys: [{name: a, key: env:A, output_guardrails: [polite]}, {name: b, key: env:B}]}\n"
      "routes: {main: {provider: echo, input_guardrails: [short]}}\n");
  ASSERT_NE(snapshot, nullptr);
  ASSERT_THAT(snapshot->guardrails, SizeIs(2));
  const auto& polite = snapshot->guardrails.at("polite");
  const auto& short_one = snapshot->guardrails.at("short");
  EXPECT_TRUE(polite->reveal);
  EXPECT_EQ(short_one->name, "short");
  EXPECT_TRUE(short_one->deny);

  ASSERT_NE(snapshot->default_hooks, nullptr);
  ASSERT_THAT(snapshot->default_hooks->input, SizeIs(2));
  EXPECT_EQ(snapshot->default_hooks->input[0], polite);
  EXPECT_EQ(snapshot->default_hooks->input[1]->name, "own");
  EXPECT_THAT(snapshot->default_hooks->output, ElementsAre(short_one));

  const auto* a = snapshot->callers.Find("key-a");
  ASSERT_NE(a, nullptr);
  ASSERT_NE(a->hooks, nullptr);
  EXPECT_THAT(a->hooks->input, IsEmpty());
  EXPECT_THAT(a->hooks->output, ElementsAre(polite));
  EXPECT_EQ(snapshot->callers.Find("key-b")->hooks, nullptr);

  const auto route = snapshot->routes.Find("main");
  ASSERT_NE(route.plan, nullptr);
  EXPECT_THAT(route.plan->targets.at(0)->target.hooks->input, ElementsAre(short_one));
}

// So that callers are not told what they found: that is for those that came with the call.
TEST_F(SnapshotGuardrails, AreTheOperatorsWhereverTheyAreWrittenOut) {
  const auto snapshot = Build(
      "default_input_guardrails: [{notNull: {}}]\n"
      "callers: {keys: [{name: a, key: env:A, output_guardrails: [{notNull: {}, reveal: true}]}]}\n"
      "routes: {main: {targets: [{provider: echo, input_mutators: [{addPrefix: {prefix: x}}]}]}}\n");
  ASSERT_NE(snapshot, nullptr);
  EXPECT_EQ(snapshot->default_hooks->input.at(0)->name, "default_input_guardrails[0]");
  EXPECT_FALSE(snapshot->default_hooks->input.at(0)->reveal);
  const auto& of_caller = snapshot->callers.Find("key-a")->hooks->output.at(0);
  EXPECT_EQ(of_caller->name, "callers.a.output_guardrails[0]");
  EXPECT_TRUE(of_caller->reveal);
  const auto& of_route = snapshot->routes.Find("main").plan->targets.at(0)->target.hooks->input.at(0);
  EXPECT_EQ(of_route->name, "config.targets[0].input_mutators[0]");
  EXPECT_TRUE(of_route->mutator);
}

TEST_F(SnapshotGuardrails, AreNoneWhereTheFileHasNone) {
  const auto snapshot = Build("default_input_guardrails: []\nroutes: {main: {provider: echo}}\n");
  ASSERT_NE(snapshot, nullptr);
  EXPECT_THAT(snapshot->guardrails, IsEmpty());
  EXPECT_EQ(snapshot->default_hooks, nullptr);
  EXPECT_EQ(snapshot->routes.Find("main").plan->targets.at(0)->target.hooks, nullptr);
}

}  // namespace
}  // namespace portolan
