// `portolan doctor`: what it finds where something is wrong, and where nothing is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/command_run.h"
#include "tests/support/fake_upstream.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_certificates.h"

namespace portolan::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string HttpDate(std::time_t when) {
  char text[64];
  const std::tm* const parts = std::gmtime(&when);
  EXPECT_GT(std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", parts), 0u);
  return text;
}

FakeUpstream::Handler AnswersWith(int status, long clock_offset = 0) {
  return [=](const SeenRequest&) {
    return Respond(
        status, R"({"object":"list","data":[],"error":{"message":"no such key"}})",
        {{"content-type", "application/json"}, {"date", HttpDate(std::time(nullptr) + clock_offset)}});
  };
}

// A config file with the provider lab at `url`, and nobody else.
class DoctorTest : public ::testing::Test {
 protected:
  std::string Lab(const std::string& url, const std::string& more = "") const {
    const std::string path = folder_.path() + "/portolan.yaml";
    std::ofstream(path, std::ios::trunc)
        << "listen: {http: '127.0.0.1:0', grpc: '127.0.0.1:0', admin: '127.0.0.1:0'}\n"
        << "providers: {lab: {base_url: '" << url << "', api_key: 'env:LAB_KEY'}}\n"
        << more;
    return path;
  }
  CommandRun Examine(const std::string& path, Variables variables = {},
                     std::vector<std::string> flags = {}) const {
    variables.emplace_back("LAB_KEY", "sk-hush");
    flags.insert(flags.begin(), {"doctor", "--config", path});
    const CommandRun run = RunPortolan(flags, variables);
    EXPECT_THAT(run.out + run.err, Not(HasSubstr("hush")));
    EXPECT_EQ(run.err, "");
    return run;
  }

  const TempFolder folder_;
};

TEST_F(DoctorTest, IsContentWhereAllIsWell) {
  FakeUpstream upstream(AnswersWith(401));
  const std::string path = Lab(upstream.url() + "/v1");
  const CommandRun run = Examine(path, {{"OPENAI_API_KEY_UNUSED", "x"}, {"SSL_CERT_FILE", path}});
  EXPECT_EQ(run.exit_status, 0) << run.out;
  for (const std::string& line :
       {"ok    config    " + path + " is good, and so is what it refers to\n",
        std::string("ok    keys      lab: key of the config file\n"),
        std::string(
            "ok    exposure  REST on 127.0.0.1:0: programs of this machine, without a key, in plain text\n"),
        std::string("ok    ports     --grpc 127.0.0.1:0 is free\n"),
        "ok    trust     certificate authorities in " + path + "\n",
        "ok    reach     lab: " + upstream.url() + "/v1 answers after ",
        std::string("ok    clock     agrees with that of lab\n"), std::string("\nall is well\n")}) {
    EXPECT_THAT(run.out, HasSubstr(line));
  }
  // Nothing that costs, and nobody's key.
  ASSERT_EQ(upstream.requests().size(), 1u);
  EXPECT_EQ(upstream.requests()[0].method, "GET");
  EXPECT_EQ(upstream.requests()[0].Header("authorization"), "");
}

TEST_F(DoctorTest, TellsWhatIsWrongWithTheConfig) {
  const std::string path = folder_.path() + "/bad.yaml";
  std::ofstream(path) << "listne: {}\nprovdiers: {}\n";
  const CommandRun run = Examine(path);
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.out, AllOf(HasSubstr("bad   config    " + path + ":1:1: listne: there is no such key"),
                             HasSubstr("bad   config    " + path + ":2:1: provdiers: there is no such key"),
                             HasSubstr("\n2 things to mend\n")));
  EXPECT_THAT(Examine(folder_.path() + "/none.yaml").out, HasSubstr("No such file"));
  EXPECT_THAT(Examine(path, {{"PORTOLAN_GRACE", "soon"}}).out, HasSubstr("bad   config    PORTOLAN_GRACE"));
}

// As at a shell beside a service, which gets its keys from systemd.
TEST_F(DoctorTest, LooksOnWhereKeysOfTheConfigAreNotHere) {
  FakeUpstream upstream(AnswersWith(401));
  const std::string path = folder_.path() + "/service.yaml";
  std::ofstream(path)
      << "listen: {http: '0.0.0.0:0', grpc: '127.0.0.1:0', admin: '0.0.0.0:0'}\n"
      << "callers: {admin_key: 'env:ADMIN', keys: [{name: a, key: 'env:A'}, {name: b, key: 'env:B'}]}\n"
      << "providers:\n"
      << "  openai: {base_url: '" << upstream.url() << "', api_key: 'env:OPENAI_API_KEY'}\n"
      << "  lab: {base_url: '" << upstream.url() << "', api_key: 'file:/none/keys_lab'}\n";
  const CommandRun run = Examine(path, {}, {"--call"});
  EXPECT_EQ(run.exit_status, 1);
  for (const std::string& line :
       {"bad   config    " + path + ":4:" + std::to_string(upstream.url().size() + 35) +
            ": providers.openai.api_key: the variable OPENAI_API_KEY is not set\n",
        std::string(
            "providers.lab.api_key: the file /none/keys_lab: it cannot be read: No such file or directory\n"),
        std::string("callers.admin_key: the variable ADMIN is not set\n"),
        std::string("callers.keys[1].key: the variable B is not set\n"),
        "note  config    " + path +
            " is good otherwise; a gateway would not start from here without those keys, but a service may "
            "get them in a way of its own (EnvironmentFile, LoadCredential, a Secret)\n",
        std::string("note  keys      openai: key of the config file, which is not here\n"),
        // Who may call is told as of the service.
        std::string(
            "exposure  REST on 0.0.0.0:0: other machines too, who must present a key, in plain text\n"),
        std::string("exposure  admin on 0.0.0.0:0: other machines too, who must present the admin key\n"),
        std::string("ok    ports     --grpc 127.0.0.1:0 is free\n"),
        "ok    reach     openai: " + upstream.url() + " answers after ",
        std::string("note  call      nobody was called, as the config file's keys are not all here\n"),
        std::string("\n5 things to mend\n")}) {
    EXPECT_THAT(run.out, HasSubstr(line));
  }
  for (const SeenRequest& request : upstream.requests()) EXPECT_EQ(request.Header("authorization"), "");

  // With them, and with one alone that is lacking.
  const CommandRun some =
      Examine(path, {{"ADMIN", "hush-0"}, {"A", "hush-1"}, {"B", "hush-2"}, {"OPENAI_API_KEY", "hush-3"}});
  EXPECT_THAT(some.out, AllOf(HasSubstr("\n1 thing to mend\n"),
                              HasSubstr("ok    keys      openai: key of the config file\n"),
                              HasSubstr("note  keys      lab: key of the config file, which is not here\n")));
  // Nothing else is taken for granted: this would not start anywhere.
  const CommandRun open = Examine(Lab(upstream.url()), {{"PORTOLAN_HTTP", "0.0.0.0:0"}, {"LAB_KEY", ""}});
  EXPECT_THAT(open.out, HasSubstr("bad   exposure  --http 0.0.0.0:0 can be reached from other machines"));
}

TEST_F(DoctorTest, TellsOfKeysByName) {
  const CommandRun run = RunPortolan({"doctor"}, {{"OPENAI_API_KEY", "hush hush"},
                                                  {"https_proxy", "http://127.0.0.1:1"},
                                                  {"PORTOLAN_HTTP", "127.0.0.1:0"}});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.out,
              HasSubstr("bad   keys      openai: key in OPENAI_API_KEY, but it is no good: OPENAI_API_KEY"));
  EXPECT_THAT(run.out, Not(HasSubstr("hush")));
  EXPECT_THAT(RunPortolan({"doctor"}).out, HasSubstr("note  keys      no provider's key was found"));
}

TEST_F(DoctorTest, TellsHowFarTheWayToAProviderGoes) {
  FakeUpstream gone(AnswersWith(200));
  gone.Stop();
  EXPECT_THAT(Examine(Lab(gone.url())).out,
              HasSubstr("bad   reach     lab: " + gone.url() + " does not answer: TCP: "));
  // A name that no resolver has (RFC 6761, section 6.4), or no resolver at all.
  EXPECT_THAT(Examine(Lab("http://portolan.invalid/v1")).out,
              HasSubstr("bad   reach     lab: http://portolan.invalid/v1 does not answer: DNS: "));
  const TestAuthority authority;
  FakeUpstream::Options options;
  options.tls = authority.Good();
  FakeUpstream stranger(AnswersWith(200), options);
  EXPECT_THAT(Examine(Lab(stranger.url())).out,
              HasSubstr("bad   reach     lab: " + stranger.url() + " does not answer: TLS: "));
  EXPECT_THAT(Examine(Lab(stranger.url()), {{"PORTOLAN_UPSTREAM_CA", authority.ca_file()}}).out,
              HasSubstr("ok    reach     lab: " + stranger.url() + " answers after "));
  // A proxy that is not there; loopback never goes by way of one.
  EXPECT_THAT(Examine(Lab("https://api.example/v1"), {{"https_proxy", gone.url()}}).out,
              HasSubstr("does not answer through the proxy of https_proxy: "));
  FakeUpstream garbage([](const SeenRequest&) { return Script().Send("nonsense\r\n\r\n").Close(); });
  EXPECT_THAT(Examine(Lab(garbage.url())).out, HasSubstr(" does not answer: HTTP: "));
}

TEST_F(DoctorTest, SeesAProxyThatIsThere) {
  FakeUpstream proxy([](const SeenRequest& request) {
    EXPECT_EQ(request.method + " " + request.target, "GET http://api.example/v1");
    return Respond(200, "ok");
  });
  EXPECT_THAT(
      Examine(Lab("http://api.example/v1"), {{"HTTP_PROXY", proxy.url()}}).out,
      HasSubstr("ok    reach     lab: http://api.example/v1 answers through the proxy of HTTP_PROXY after "));
}

TEST_F(DoctorTest, ComparesTheClocks) {
  FakeUpstream late(AnswersWith(200, -3600));
  const CommandRun run = Examine(Lab(late.url()));
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.out, HasSubstr("bad   clock     36"));  // a second may pass
  EXPECT_THAT(run.out, HasSubstr(" s ahead of that of lab"));
  FakeUpstream early(AnswersWith(200, 120));
  const CommandRun note = Examine(Lab(early.url()));
  EXPECT_THAT(note.out, HasSubstr(" s behind that of lab"));
  EXPECT_THAT(note.out, HasSubstr("note  clock "));
}

TEST_F(DoctorTest, TellsWhoCanReachWhat) {
  FakeUpstream upstream(AnswersWith(200));
  const std::string path = Lab(upstream.url());
  const CommandRun open = Examine(path, {{"PORTOLAN_HTTP", "0.0.0.0:0"}, {"PORTOLAN_ADMIN", "0.0.0.0:0"}});
  EXPECT_EQ(open.exit_status, 1);
  EXPECT_THAT(open.out, HasSubstr("bad   exposure  --http 0.0.0.0:0 can be reached from other machines"));
  const CommandRun keyed = Examine(path, {{"PORTOLAN_HTTP", "0.0.0.0:0"}, {"PORTOLAN_CALLER_KEYS", "hush"}});
  EXPECT_EQ(keyed.exit_status, 0) << keyed.out;
  EXPECT_THAT(keyed.out,
              HasSubstr("ok    exposure  REST on 0.0.0.0:0: other machines too, who must present a key, in "
                        "plain text\n"));
}

TEST_F(DoctorTest, TellsWhoHasThePorts) {
  FakeUpstream upstream(AnswersWith(200));
  const std::string path = Lab(upstream.url());
  GatewayFixture gateway;
  const CommandRun running = Examine(path, {{"PORTOLAN_HTTP", gateway.http_address()},
                                            {"PORTOLAN_GRPC", gateway.grpc_address()},
                                            {"PORTOLAN_ADMIN", gateway.admin_address()}});
  EXPECT_EQ(running.exit_status, 0) << running.out;
  for (const std::string& door : {"--http " + gateway.http_address(), "--grpc " + gateway.grpc_address(),
                                  "--admin " + gateway.admin_address()}) {
    EXPECT_THAT(running.out,
                HasSubstr("note  ports     " + door + " is in use by a gateway that runs already\n"));
  }
  const CommandRun taken = Examine(path, {{"PORTOLAN_GRPC", upstream.host_port()}});
  EXPECT_EQ(taken.exit_status, 1);
  EXPECT_THAT(taken.out, HasSubstr("bad   ports     --grpc " + upstream.host_port() +
                                   " cannot be listened on: Address already in use\n"));
}

TEST_F(DoctorTest, LooksAtTheSystem) {
  const CommandRun bare = RunPortolan({"doctor"}, {{"SSL_CERT_FILE", "/none"}, {"SSL_CERT_DIR", "/none"}});
  EXPECT_EQ(bare.exit_status, 1);
  EXPECT_THAT(bare.out, HasSubstr("bad   trust     this system has no certificate authorities"));
  const CommandRun few =
      RunProgram("/bin/sh", {"-c", "ulimit -n 256 && exec \"$1\" doctor", "sh", PortolanBinary()});
  EXPECT_THAT(few.out, HasSubstr("note  limits    descriptors: 256; each call takes two"));
}

TEST_F(DoctorTest, TriesNoAddressThatIsNone) {
  for (const char* const region : {"{aws_region}", "x/../y", "evil.example/#"}) {
    const CommandRun run = RunPortolan(
        {"doctor"}, {{"AWS_REGION", region}, {"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "b"}});
    EXPECT_THAT(run.out, HasSubstr("bedrock: not tried, as its address depends on AWS_REGION")) << region;
  }
}

TEST_F(DoctorTest, CallsOnlyWhenAsked) {
  FakeUpstream good([](const SeenRequest& request) {
    if (request.target != "/v1/models") return Respond(404, "");
    EXPECT_EQ(request.Header("authorization"), "Bearer sk-hush");
    return RespondJson(200, R"({"object":"list","data":[]})");
  });
  EXPECT_THAT(Examine(Lab(good.url() + "/v1"), {}, {"--call"}).out,
              HasSubstr("ok    call      lab lists its models\n"));
  FakeUpstream bad(AnswersWith(401));
  const CommandRun run = Examine(Lab(bad.url()), {}, {"--call"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.out, HasSubstr("bad   call      lab: "));
  EXPECT_THAT(run.out, HasSubstr("no such key (status 401)\n"));
  // What has no list of models has no call that costs nothing.
  bad.Stop();
  const CommandRun none = RunPortolan(
      {"doctor", "--call"},
      {{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "hush"}, {"https_proxy", bad.url()}});
  EXPECT_THAT(none.out,
              HasSubstr("note  call      bedrock was not called: bedrock has no list_models operation"));
}

TEST_F(DoctorTest, SpeaksJson) {
  FakeUpstream upstream(AnswersWith(200));
  for (const bool well : {true, false}) {
    const std::string path = Lab(upstream.url(), well ? "" : "listne: {}\n");
    const CommandRun run = Examine(path, {}, {"--json"});
    EXPECT_EQ(run.exit_status, well ? 0 : 1);
    const auto json = nlohmann::json::parse(run.out);
    EXPECT_EQ(json["ok"], well);
    EXPECT_EQ(json["findings"][0]["area"], "config");
    EXPECT_EQ(json["findings"][0]["state"], well ? "ok" : "bad");
    EXPECT_TRUE(json["findings"][0]["text"].is_string());
  }
}

}  // namespace
}  // namespace portolan::test
