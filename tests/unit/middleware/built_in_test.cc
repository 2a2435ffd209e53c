// The middleware that the gateway has itself.

#include "server/middleware/built_in/built_in.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "server/net/loop.h"

namespace portolan::middleware {
namespace {

// What the service makes of a request; empty: it lets it pass.
std::string Made(const std::string& path, const std::string& caller, const std::string& json) {
  Settings settings;
  settings.built_in = "user_of_caller";
  const std::unique_ptr<Service> service = FindBuiltIn("user_of_caller")->make(settings);
  net::Loop loop;
  CallInfo info;
  info.path = path;
  info.caller = caller;
  Event event{Hook::kRequest, info, {}};
  event.body.json = json;
  std::string made;
  const auto ask = [](Service& asked, const Event& about, net::Loop& until,
                      std::string* out) -> net::Task<void> {
    Outcome outcome = co_await asked.Ask(about, {});
    EXPECT_TRUE(outcome.verdict.has_value());
    if (outcome.verdict->action == Verdict::Action::kReplace) *out = outcome.verdict->body.json;
    until.Stop();
  };
  loop.Spawn(ask(*service, event, loop, &made));
  loop.Run();
  return made;
}

TEST(UserOfCaller, TellsTheProviderWhoCalls) {
  EXPECT_EQ(Made("/chat/completions", "ann", R"({"model" : "m"})"), R"({"user":"ann","model" : "m"})");
  EXPECT_EQ(Made("/responses", "ann", " { } "), R"({"user":"ann" } )");
  EXPECT_EQ(Made("/messages", "ann", R"({"model":"m"})"), R"({"metadata":{"user_id":"ann"},"model":"m"})");
}

TEST(UserOfCaller, LeavesWhatTheRequestSays) {
  EXPECT_EQ(Made("/chat/completions", "ann", R"({"user":"me"})"), "");
  EXPECT_EQ(Made("/chat/completions", "ann", R"({"safety_identifier":"me"})"), "");
  EXPECT_EQ(Made("/messages", "ann", R"({"metadata":{"user_id":"me"}})"), "");
  EXPECT_EQ(Made("/chat/completions", "", R"({"model":"m"})"), "");
  EXPECT_EQ(Made("/rerank", "ann", R"({"model":"m"})"), "");
  EXPECT_EQ(Made("/chat/completions", "ann", "[]"), "");
}

TEST(BuiltIns, AreAllInTheDocumentation) {
  std::ifstream file("docs/middleware.md");
  std::ostringstream page;
  page << file.rdbuf();
  for (const BuiltIn& one : BuiltIns()) {
    const std::string row = "| `" + std::string(one.name) + "` | " + std::string(one.purpose) + " |";
    EXPECT_NE(page.str().find(row), std::string::npos) << row;
  }
  EXPECT_EQ(FindBuiltIn("none"), nullptr);
}

}  // namespace
}  // namespace portolan::middleware
