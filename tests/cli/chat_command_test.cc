// `portolan chat`: what reaches the provider, and what its user sees.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/command_run.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"

namespace portolan::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// https://platform.openai.com/docs/api-reference/chat-streaming
std::string Event(const std::string& delta, const std::string& finish = "null",
                  const std::string& more = "") {
  return R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":)" +
         delta + R"(,"finish_reason":)" + finish + "}]" + more + "}\n\n";
}
const std::string kUsage =
    R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],)"
    R"("usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}})"
    "\n\n";
const std::string kEnd = "data: [DONE]\n\n";

Script Says(const std::vector<std::string>& events) {
  return RespondChunked(200, events, {{"Content-Type", "text/event-stream"}});
}

Script Hello() {
  return Says({Event(R"({"role":"assistant","content":""})"), Event(R"({"content":"Hel"})"),
               Event(R"({"content":"lo"})"), Event("{}", R"("stop")"), kUsage, kEnd});
}

class ChatCommand : public testing::Test {
 protected:
  // Runs the command with a gateway of its own, whose provider `lab` is the upstream.
  CommandRun Run(const FakeUpstream& upstream, std::vector<std::string> arguments,
                 const std::string& in = "") {
    arguments.insert(arguments.begin(), {"chat", "--config", Config(upstream), "-m", "lab/m"});
    return RunPortolan(arguments, {{"LAB_KEY", "sk-lab"}}, in);
  }

  std::string Config(const FakeUpstream& upstream) const {
    const std::string path = folder_.path() + "/portolan.yaml";
    std::ofstream(path) << "providers: {lab: {base_url: \"" << upstream.url()
                        << "/v1\", api_key: \"env:LAB_KEY\"}}\n";
    return path;
  }

  std::string File(const std::string& name, const std::string& bytes) const {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  const TempFolder folder_;
};

json BodyOf(const FakeUpstream& upstream, size_t index = 0) {
  return json::parse(upstream.requests().at(index).body);
}

TEST_F(ChatCommand, AsksAndPrintsTheAnswer) {
  FakeUpstream upstream([](const SeenRequest&) { return Hello(); });
  const CommandRun run = Run(upstream, {"--system", "Be brief.", "Say", "hello"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.out, "Hello\n");
  EXPECT_THAT(run.err,
              MatchesRegex("portolan: first token after [0-9]+\\.[0-9][0-9] s, 9 tokens in, 3 out\n"));
  ASSERT_EQ(upstream.requests().size(), 1u);
  EXPECT_EQ(upstream.requests()[0].target, "/v1/chat/completions");
  EXPECT_EQ(upstream.requests()[0].Header("authorization"), "Bearer sk-lab");
  EXPECT_EQ(BodyOf(upstream),
            json::parse(R"({"model":"m","stream":true,"stream_options":{"include_usage":true},
      "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Say hello"}]})"));
}

TEST_F(ChatCommand, TakesTheQuestionFromStdin) {
  FakeUpstream upstream([](const SeenRequest&) { return Hello(); });
  EXPECT_EQ(Run(upstream, {}, "two\nlines\n").exit_status, 0);
  EXPECT_EQ(Run(upstream, {"-"}, "dash").exit_status, 0);
  EXPECT_EQ(BodyOf(upstream, 0)["messages"][0]["content"], "two\nlines");
  EXPECT_EQ(BodyOf(upstream, 1)["messages"][0]["content"], "dash");
}

TEST_F(ChatCommand, SendsAPicture) {
  FakeUpstream upstream([](const SeenRequest&) { return Hello(); });
  const std::string png("\x89PNG\r\n\x1a\n\0", 9);
  EXPECT_EQ(Run(upstream, {"--image", File("a.dat", png), "What is it?"}).exit_status, 0);
  EXPECT_EQ(BodyOf(upstream)["messages"][0]["content"], json::parse(R"([{"type":"text","text":"What is it?"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgoA"}}])"));
}

TEST_F(ChatCommand, PrintsChunksAsTheyCame) {
  FakeUpstream upstream([](const SeenRequest&) { return Hello(); });
  const CommandRun run = Run(upstream, {"--json", "hi"});
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.err, "");
  std::istringstream lines(run.out);
  std::string text;
  int64_t tokens = 0;
  for (std::string line; std::getline(lines, line);) {
    const json chunk = json::parse(line);
    EXPECT_EQ(chunk["object"], "chat.completion.chunk");
    for (const json& choice : chunk["choices"]) text += choice["delta"].value("content", "");
    if (chunk.contains("usage") && chunk["usage"].is_object()) tokens = chunk["usage"]["total_tokens"];
  }
  EXPECT_EQ(text, "Hello");
  EXPECT_EQ(tokens, 12);
}

TEST_F(ChatCommand, TellsOfFailures) {
  FakeUpstream refuses([](const SeenRequest&) {
    return RespondJson(
        401, R"({"error":{"message":"Incorrect API key","type":"x","param":null,"code":"bad_key"}})");
  });
  const CommandRun refused = Run(refuses, {"hi"});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(refused.err, "portolan: Incorrect API key (status 401)\n");

  FakeUpstream breaks([](const SeenRequest&) {
    return Says({Event(R"({"content":"Hel"})"),
                 "data: {\"error\":{\"message\":\"too busy\",\"type\":\"x\",\"code\":null}}\n\n"});
  });
  const CommandRun broken = Run(breaks, {"hi"});
  EXPECT_EQ(broken.exit_status, 1);
  EXPECT_EQ(broken.out, "Hel\n");
  EXPECT_THAT(broken.err, HasSubstr("too busy"));

  FakeUpstream ends([](const SeenRequest&) { return Says({Event(R"({"content":"Hel"})")}); });
  const CommandRun cut = Run(ends, {"hi"});
  EXPECT_EQ(cut.exit_status, 1);
  EXPECT_EQ(cut.out, "Hel\n");
  EXPECT_NE(cut.err, "");
}

TEST_F(ChatCommand, RefusesWhatMakesNoSenseBeforeAnythingIsSent) {
  FakeUpstream upstream([](const SeenRequest&) { return Hello(); });
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--image", File("a.txt", "text"), "hi"}, "neither PNG, JPEG, GIF nor WebP"},
      {{"--image", folder_.path() + "/none.png", "hi"}, "none.png"},
      {{}, "there is nothing to say"},
      {{"--sytem", "x", "hi"}, "did you mean --system?"},
  };
  for (const auto& [arguments, words] : cases) {
    const CommandRun run = Run(upstream, arguments);
    EXPECT_EQ(run.exit_status, 2) << words;
    EXPECT_THAT(run.err, HasSubstr(words));
  }
  const CommandRun none = RunPortolan({"chat", "hi"});
  EXPECT_EQ(none.exit_status, 2);
  EXPECT_THAT(none.err, HasSubstr("which model?"));
  EXPECT_TRUE(upstream.requests().empty());
}

// Of a pipe nothing is dim; the answer is what the model wrote.
TEST_F(ChatCommand, HasNoColoursForAPipe) {
  FakeUpstream upstream([](const SeenRequest&) {
    return Says({Event(R"({"reasoning_content":"Hm."})"), Event(R"({"content":"Hello"})"),
                 Event("{}", R"("stop")"), kEnd});
  });
  const CommandRun run = Run(upstream, {"hi"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("Hello"));
  EXPECT_THAT(run.out + run.err, Not(HasSubstr("\x1b")));
}

// As beside a service: the keys are the gateway's, and those of this shell go nowhere.
TEST_F(ChatCommand, AsksAGatewayThatRuns) {
  FakeUpstream upstream([](const SeenRequest&) { return Hello(); });
  const std::string config = Config(upstream);
  std::ofstream(config, std::ios::app) << "callers: {keys: [{name: me, key: 'env:CALLER'}]}\n";
  GatewayFixture gateway =
      GatewayFixture::FromFile(config, {{"LAB_KEY", "sk-lab"}, {"CALLER", "caller-key"}});
  const std::string url = "http://" + gateway.http_address();
  const Variables key = {{"PORTOLAN_KEY", "caller-key"}, {"LAB_KEY", "sk-of-the-shell"}};
  const CommandRun named = RunPortolan({"chat", "--url", url, "-m", "lab/m", "hi"}, key);
  EXPECT_EQ(named.exit_status, 0) << named.err;
  EXPECT_EQ(named.out, "Hello\n");
  Variables both = key;
  both.emplace_back("PORTOLAN_URL", url);
  EXPECT_EQ(RunPortolan({"chat", "-m", "lab/m", "hi"}, both).out, "Hello\n");
  ASSERT_EQ(upstream.requests().size(), 2u);
  for (const SeenRequest& request : upstream.requests())
    EXPECT_EQ(request.Header("authorization"), "Bearer sk-lab");
  const CommandRun stranger = RunPortolan({"chat", "--url", url, "-m", "lab/m", "hi"});
  EXPECT_EQ(stranger.exit_status, 1);
  EXPECT_EQ(stranger.out, "");
  EXPECT_THAT(stranger.err, HasSubstr("(status 401)"));
  EXPECT_EQ(upstream.requests().size(), 2u);
}

TEST_F(ChatCommand, InterruptedItLeavesTheProvider) {
  FakeUpstream upstream([](const SeenRequest&) {
    return Script()
        .Send(Head(200, {{"Content-Type", "text/event-stream"}, {"Transfer-Encoding", "chunked"}}) +
              Chunk(Event(R"({"content":"Hel"})")))
        .Stall();
  });
  // Ctrl-C, as soon as the first words are there.
  const std::string shell =
      PortolanBinary() + " chat --config " + Config(upstream) +
      " -m lab/m hi > out & while [ ! -s out ]; do sleep 0.05; done; kill -INT $!; wait $!";
  const CommandRun run =
      RunProgram("/bin/bash", {"-c", "set -m; cd " + folder_.path() + "; " + shell}, {{"LAB_KEY", "sk-lab"}});
  EXPECT_EQ(run.exit_status, 130) << run.err;
  EXPECT_THAT(run.err, HasSubstr("portolan: stopped"));
  EXPECT_TRUE(upstream.WaitForClientToLeave(1));
}

// script(1) gives it a terminal.
TEST_F(ChatCommand, ConversesAtATerminal) {
  FakeUpstream upstream([](const SeenRequest& request) {
    if (json::parse(request.body)["messages"].size() == 1) {
      return Says({Event(R"({"reasoning_content":"Hm."})"), Event(R"({"content":"\u001b[31mred"})"),
                   Event("{}", R"("stop")"), kEnd});
    }
    return Hello();
  });
  const std::string command = PortolanBinary() + " chat --config " + Config(upstream) + " -m lab/m";
  const auto talk = [&](const Variables& variables) {
    return RunProgram("/usr/bin/script", {"-qec", command, "/dev/null"}, variables, "one\ntwo\n\x04");
  };
  const CommandRun run = talk({{"LAB_KEY", "sk-lab"}});
  EXPECT_EQ(run.exit_status, 0) << run.out;
  // Reasoning is dim; of the answer nothing is left that a terminal would obey.
  EXPECT_THAT(run.out, AllOf(HasSubstr("\x1b[2mHm."), HasSubstr("[31mred"), Not(HasSubstr("\x1b[31m")),
                             HasSubstr("Hello")));
  ASSERT_EQ(upstream.requests().size(), 2u);
  EXPECT_EQ(BodyOf(upstream, 1)["messages"], json::parse(R"([{"role":"user","content":"one"},
      {"role":"assistant","content":"\u001b[31mred"},{"role":"user","content":"two"}])"));
  EXPECT_THAT(talk({{"LAB_KEY", "sk-lab"}, {"NO_COLOR", "1"}}).out, Not(HasSubstr("\x1b[2m")));
}

}  // namespace
}  // namespace portolan::test
