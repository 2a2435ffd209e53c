#include "server/transcode/router.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "google/api/annotations.pb.h"
#include "portolan/options/v1/options.pb.h"
#include "portolan/v1/chat_service.pb.h"
#include "portolan/v1/completion_service.pb.h"
#include "portolan/v1/embedding_service.pb.h"
#include "portolan/v1/model_service.pb.h"
#include "tests/unit/transcode/test_services.pb.h"

namespace portolan::transcode {
namespace {

using Outcome = RouteMatch::Outcome;
using google::protobuf::ServiceDescriptor;
using ::testing::HasSubstr;

std::unique_ptr<Router> Compile(std::vector<const ServiceDescriptor*> services) {
  auto router = Router::Build(services);
  EXPECT_TRUE(router.ok()) << router.status();
  return std::move(*router);
}

// A service of the file that Message is in.
template <typename Message>
const ServiceDescriptor* Service(const std::string& name) {
  return Message::descriptor()->file()->pool()->FindServiceByName(name);
}

std::unique_ptr<Router> PublicApi() {
  return Compile({Service<v1::ChatCompletionRequest>("portolan.v1.ChatService"),
                  Service<v1::CompletionRequest>("portolan.v1.CompletionService"),
                  Service<v1::EmbeddingRequest>("portolan.v1.EmbeddingService"),
                  Service<v1::GetModelRequest>("portolan.v1.ModelService")});
}

// `GetModel(org/name)`, `404`, `405 GET, HEAD`: what a router says of a request.
std::string Say(const Router& router, std::string_view method, std::string_view path) {
  RouteMatch match = router.Match(method, path);
  if (match.outcome == Outcome::kNotFound) return "404";
  if (match.outcome == Outcome::kMethodNotAllowed) return "405 " + match.allow;
  std::string text = match.route->unary->name() + "(";
  for (size_t i = 0; i < match.route->variables.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::string(match.captures[i]);
  }
  return text + ")";
}

struct Case {
  const char* method;
  const char* path;
  const char* answer;
};

TEST(Router, ServesThePublicApiWithAndWithoutItsVersion) {
  auto router = PublicApi();
  const Case kCases[] = {
      {"POST", "/v1/chat/completions", "CreateChatCompletion()"},
      {"POST", "/chat/completions", "CreateChatCompletion()"},
      {"POST", "/v1/completions", "CreateCompletion()"},
      {"POST", "/completions", "CreateCompletion()"},
      {"POST", "/v1/embeddings", "CreateEmbeddings()"},
      {"POST", "/embeddings", "CreateEmbeddings()"},
      {"GET", "/v1/models", "ListModels()"},
      {"GET", "/models", "ListModels()"},
      {"HEAD", "/v1/models", "ListModels()"},
      {"GET", "/v1/models/gpt-4o", "GetModel(gpt-4o)"},
      {"GET", "/v1/models/org/name", "GetModel(org/name)"},
      {"GET", "/v1/models/org%2Fname", "GetModel(org%2Fname)"},
      {"GET", "/models/a/b/c", "GetModel(a/b/c)"},
      {"GET", "/v1/models/llama3:8b", "GetModel(llama3:8b)"},
      {"HEAD", "/v1/models/gpt-4o", "GetModel(gpt-4o)"},
      {"GET", "/v1/chat/completions", "405 POST"},
      {"PUT", "/v1/models", "405 GET, HEAD"},
      {"DELETE", "/v1/models/gpt-4o", "405 GET, HEAD"},
      {"OPTIONS", "/v1/embeddings", "405 POST"},
      {"HEAD", "/v1/embeddings", "405 POST"},
      {"post", "/v1/embeddings", "405 POST"},
      {"GET", "/", "404"},
      {"GET", "", "404"},
      {"GET", "//", "404"},
      {"GET", "v1/models", "404"},
      {"POST", "/v2/chat/completions", "404"},
      {"POST", "/v1/chat", "404"},
      {"POST", "/v1/chat/completions/x", "404"},
      {"POST", "/V1/chat/completions", "404"},
      {"POST", "/v1//chat/completions", "404"},
      {"POST", "/v1/chat%2Fcompletions", "404"},
  };
  for (const Case& test : kCases) EXPECT_EQ(Say(*router, test.method, test.path), test.answer) << test.path;
}

TEST(Router, TakesOneSlashAtTheEndForNothing) {
  auto router = PublicApi();
  EXPECT_EQ(Say(*router, "POST", "/v1/chat/completions/"), "CreateChatCompletion()");
  EXPECT_EQ(Say(*router, "GET", "/v1/models/"), "ListModels()");
  EXPECT_EQ(Say(*router, "GET", "/v1/models/gpt-4o/"), "GetModel(gpt-4o)");
  EXPECT_EQ(Say(*router, "POST", "/v1/chat/completions//"), "404");
  EXPECT_EQ(Say(*router, "GET", "/v1/models//"), "404");
}

TEST(Router, KnowsHowAPathStreams) {
  auto router = PublicApi();
  const Route& chat = *router->Match("POST", "/chat/completions").route;
  ASSERT_NE(chat.streaming, nullptr);
  EXPECT_EQ(chat.streaming->name(), "StreamChatCompletion");
  EXPECT_EQ(chat.stream_field, "stream");
  EXPECT_EQ(chat.done, "[DONE]");
  EXPECT_EQ(chat.body, BodyKind::kWhole);
  EXPECT_EQ(chat.pattern, "/chat/completions");
  EXPECT_EQ(chat.label, "/v1/chat/completions");
  const Route& models = *router->Match("GET", "/v1/models").route;
  EXPECT_EQ(models.streaming, nullptr);
  EXPECT_EQ(models.body, BodyKind::kNone);
}

TEST(Router, FollowsTheTemplates) {
  auto router = Compile({Service<test::Request>("portolan.transcode.test.Paths")});
  const Case kCases[] = {
      {"GET", "/v1/shelves/1/books/2", "GetBook(shelves/1/books/2)"},
      {"GET", "/v1/shelves/1/books", "404"},
      {"GET", "/v1/shelves//books/2", "404"},
      {"GET", "/v1/messages/123456/foo", "GetSub(123456, foo)"},
      {"GET", "/v1/messages/upload/now", "GetSub(upload, now)"},  // the literal lacks GET
      {"PUT", "/v1/messages/upload/now", "Upload()"},
      {"DELETE", "/v1/messages/upload/now", "405 GET, HEAD, PUT"},
      {"POST", "/v1/files/a/b:copy", "Copy(files/a/b)"},
      {"POST", "/v1/files/a/b", "Put(files/a/b)"},
      {"POST", "/v1/files", "Put(files)"},
      {"POST", "/v1/files:copy", "Copy(files)"},
      {"POST", "/v1/files/a:move", "Put(files/a:move)"},
      {"POST", "/v1/files/a:copy/b", "Put(files/a:copy/b)"},
      {"POST", "/v1/files/a:", "Put(files/a:)"},
      {"GET", "/v2/exact/end", "Exact()"},
      {"GET", "/v2/other/end", "One()"},
      {"GET", "/v2/other/end/more", "Rest()"},
      {"GET", "/v2/exact/other", "Rest()"},
      {"GET", "/v2", "Rest()"},
      {"PURGE", "/v3/a", "Purge()"},
      {"GET", "/v3/a", "405 PURGE"},
      {"BREW", "/v3/b", "Any()"},
      {"GET", "/v4/x", "Tail(x)"},
      {"GET", "/v4/x/y/z", "Tail(x)"},
  };
  for (const Case& test : kCases) EXPECT_EQ(Say(*router, test.method, test.path), test.answer) << test.path;
}

TEST(Router, BindsABodyToOneField) {
  auto router = Compile({Service<test::Request>("portolan.transcode.test.Paths")});
  const Route& upload = *router->Match("PUT", "/v1/messages/upload/now").route;
  EXPECT_EQ(upload.body, BodyKind::kField);
  EXPECT_EQ(upload.body_field->name(), "sub");
}

struct Rpc {
  const char* http;  // google.api.HttpRule in text format; nullptr: none
  const char* streaming = nullptr;
  bool server_streaming = false;
  const char* input = "Request";
};

// Builds a router of a service with rpcs A, B … and gives its error.
std::string ErrorOf(const std::vector<Rpc>& rpcs) {
  using google::protobuf::TextFormat;
  google::protobuf::FileDescriptorProto file;
  test::Request::descriptor()->file()->CopyTo(&file);
  file.set_name("bad.proto");
  file.set_package("bad");
  file.clear_service();
  auto* service = file.add_service();
  service->set_name("S");
  for (size_t i = 0; i < rpcs.size(); ++i) {
    auto* method = service->add_method();
    method->set_name(std::string(1, static_cast<char>('A' + i)));
    method->set_input_type(".portolan.transcode.test." + std::string(rpcs[i].input));
    method->set_output_type(".portolan.transcode.test.Request");
    method->set_server_streaming(rpcs[i].server_streaming);
    auto* options = method->mutable_options();
    if (rpcs[i].http != nullptr) {
      EXPECT_TRUE(TextFormat::ParseFromString(rpcs[i].http, options->MutableExtension(google::api::http)));
    }
    if (rpcs[i].streaming != nullptr) {
      EXPECT_TRUE(
          TextFormat::ParseFromString(rpcs[i].streaming, options->MutableExtension(options::v1::streaming)));
    }
  }
  file.clear_message_type();
  file.clear_enum_type();
  file.add_dependency("tests/unit/transcode/test_services.proto");
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  const auto* built = pool.BuildFile(file);
  if (built == nullptr) return "the file does not compile";
  std::vector<const ServiceDescriptor*> services = {built->service(0)};
  return std::string(Router::Build(services).status().message());
}

TEST(Router, RefusesAnnotationsThatDoNotFit) {
  constexpr char kPost[] = R"(post: "/a" body: "*")";
  const struct {
    std::vector<Rpc> rpcs;
    const char* problem;
  } kCases[] = {
      {{{R"(get: "/{nope}")"}}, "bad.S.A: /{nope}: `nope` is not a scalar field"},
      {{{R"(get: "/{tags}")"}}, "`tags` is not a scalar field"},
      {{{R"(get: "/{sub}")"}}, "`sub` is not a scalar field"},
      {{{R"(get: "/{raw}")"}}, "`raw` is not a scalar field"},
      {{{R"(get: "/{name.x}")"}}, "`name.x` is not a scalar field"},
      {{{R"(get: "/a/")"}}, "a segment is missing"},
      {{{R"(body: "*")"}}, "no HTTP method"},
      {{{R"(post: "/a" body: "nope")"}}, "`nope` is not a field"},
      {{{R"(get: "/a" response_body: "name")"}}, "response_body is not supported"},
      {{{R"(get: "/a")", nullptr, true}}, "a streaming rpc has no path"},
      {{{R"(get: "/a")"}, {R"(get: "/a")"}}, "bad.S.B: GET /a is bound twice"},
      {{{R"(get: "/{name}")"}, {R"(get: "/{maybe}")"}}, "bound twice"},
      {{{kPost, R"(field: "name" rpc: "B")"}, {nullptr, nullptr, true}}, "`name` is not a boolean field"},
      {{{kPost, R"(field: "flag" rpc: "C")"}}, "`C` is not a server streaming rpc"},
      {{{kPost, R"(field: "flag" rpc: "A")"}}, "`A` is not a server streaming rpc"},
      {{{kPost, R"(field: "flag" rpc: "B")"}, {nullptr, nullptr, true, "Open"}}, "`B` takes another request"},
  };
  for (const auto& test : kCases) EXPECT_THAT(ErrorOf(test.rpcs), HasSubstr(test.problem));
  EXPECT_EQ(ErrorOf({{kPost, R"(field: "flag" rpc: "B")"}, {nullptr, nullptr, true}}), "");
}

TEST(Router, StandsLongAndStrangePaths) {
  auto router = PublicApi();
  std::string slashes(64 * 1024, '/');
  EXPECT_EQ(Say(*router, "GET", slashes), "404");
  std::string deep = "/v1/models";
  for (int i = 0; i < 10000; ++i) deep += "/a";
  EXPECT_EQ(Say(*router, "GET", deep), "GetModel(" + deep.substr(11) + ")");
  EXPECT_EQ(Say(*router, "GET", std::string_view("/v1/models/a\0b", 14)), std::string("GetModel(a\0b)", 13));
}

}  // namespace
}  // namespace portolan::transcode
