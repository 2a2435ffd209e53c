#include "server/transcode/bind.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "portolan/v1/model_service.pb.h"
#include "tests/unit/transcode/test_services.pb.h"

namespace portolan::transcode {
namespace {

using google::protobuf::Message;
using google::protobuf::ServiceDescriptor;
using google::protobuf::TextFormat;

class BindTest : public ::testing::Test {
 protected:
  BindTest() : router_(Compile()) {}

  // The request in text format on one line, or the error.
  std::string Bind(std::string_view method, std::string_view path, std::string_view query,
                   std::string* unknown = nullptr) {
    RouteMatch match = router_->Match(method, path);
    EXPECT_EQ(match.outcome, RouteMatch::Outcome::kFound) << path;
    if (match.outcome != RouteMatch::Outcome::kFound) return "";
    std::unique_ptr<Message> request(google::protobuf::MessageFactory::generated_factory()
                                         ->GetPrototype(match.route->unary->input_type())
                                         ->New());
    if (auto error = BindRequest(match, query, request.get(), unknown)) {
      EXPECT_EQ(error->http_status, 400);
      EXPECT_EQ(error->error_class, ErrorClass::kCaller);
      return "error: " + error->message;
    }
    TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    std::string printed;
    printer.PrintToString(*request, &printed);
    while (!printed.empty() && printed.back() == ' ') printed.pop_back();
    return printed;
  }

 private:
  std::unique_ptr<Router> Compile() {
    std::vector<const ServiceDescriptor*> services = {
        test::Request::descriptor()->file()->FindServiceByName("Bindings")};
    auto router = Router::Build(services);
    EXPECT_TRUE(router.ok()) << router.status();
    return std::move(*router);
  }

  std::unique_ptr<Router> router_;
};

TEST_F(BindTest, TakesVariablesFromThePath) {
  EXPECT_EQ(Bind("GET", "/get/a", ""), R"(name: "a")");
  EXPECT_EQ(Bind("GET", "/get/org/name", ""), R"(name: "org/name")");
  EXPECT_EQ(Bind("GET", "/get/org%2Fname+x", ""), R"(name: "org/name+x")");
  EXPECT_EQ(Bind("GET", "/revision/-7", ""), R"(i64: -7)");
  EXPECT_EQ(Bind("GET", "/deep/x", ""), R"(sub { sub { text: "x" } })");
  EXPECT_EQ(Bind("GET", "/revision/7up", ""),
            "error: i64: expected an integer from -9223372036854775808 to 9223372036854775807");
  EXPECT_EQ(Bind("GET", "/get/%zz", ""), "error: name: is not percent-encoded UTF-8 in the path");
  EXPECT_EQ(Bind("GET", "/get/%ff", ""), "error: name: is not percent-encoded UTF-8 in the path");
}

// What no field has goes on as it came; what the gateway reads itself does not.
TEST_F(BindTest, GivesThePartOfTheQueryThatNoFieldHas) {
  const struct {
    const char* query;
    const char* unknown;
  } kCases[] = {
      {"name=n", ""},
      {"name=n&limit=5&after=x", "limit=5&after=x"},
      {"limit=5&name=n&after=a%2Fb+c%20d", "limit=5&after=a%2Fb+c%20d"},
      {"&&flag&empty=&name=n&&", "flag&empty="},
      {"name=n&a=1&a=2&a=1", "a=1&a=2&a=1"},
      {"n%61me=n&l%69mit=5", "l%69mit=5"},
      {"sub.text=x&subtext=y&name=n", "subtext=y"},
      {"name=n&q=a=b==&extra=1&a.b=1", "q=a=b==&extra=1&a.b=1"},
  };
  for (const auto& test : kCases) {
    std::string unknown = "left over";
    EXPECT_THAT(Bind("GET", "/open", test.query, &unknown), ::testing::StartsWith(R"(name: "n")"))
        << test.query;
    EXPECT_EQ(unknown, test.unknown) << test.query;
  }
  // Of a request that is its body, nothing.
  std::string unknown = "left over";
  EXPECT_EQ(Bind("POST", "/put/n", "limit=5", &unknown), R"(name: "n")");
  EXPECT_EQ(unknown, "");
}

TEST_F(BindTest, TakesScalarsOfEveryTypeFromTheQuery) {
  const struct {
    const char* query;
    const char* request;
  } kCases[] = {
      {"i32=-2147483648", "i32: -2147483648"},
      {"i64=9223372036854775807", "i64: 9223372036854775807"},
      {"u32=4294967295", "u32: 4294967295"},
      {"u64=18446744073709551615", "u64: 18446744073709551615"},
      {"zigzag=-5", "zigzag: -5"},
      {"fixed=5", "fixed: 5"},
      {"flag=true", "flag: true"},
      {"number=-1.5e3", "number: -1500"},
      {"small=0.5", "small: 0.5"},
      {"colour=dark-red", "colour: COLOUR_DARK_RED"},
      {"colour=COLOUR_DARK_RED", "colour: COLOUR_DARK_RED"},
      {"wait=1.5s", "wait { seconds: 1 nanos: 500000000 }"},
      {"maybe=", R"(maybe: "")"},
      {"maybe", R"(maybe: "")"},
      {"maybe=a+b%2Bc%26d%3D=", R"(maybe: "a b+c&d==")"},
      {"tags=a&tags=b&tags=a", R"(tags: "a" tags: "b" tags: "a")"},
      {"sub.text=x&sub.sub.text=y", R"(sub { text: "x" sub { text: "y" } })"},
      {"sub.numbers=1&sub.numbers=2", "sub { numbers: 1 numbers: 2 }"},
      {"&&flag=true&", "flag: true"},
  };
  for (const auto& test : kCases) {
    std::string expected = R"(name: "n" )" + std::string(test.request);
    std::string actual = Bind("GET", "/get/n", test.query);
    auto parse = [](const std::string& text) {
      test::Request request;
      EXPECT_TRUE(TextFormat::ParseFromString(text, &request)) << text;
      return request;
    };
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(parse(actual), parse(expected)))
        << test.query << ": " << actual;
  }
}

TEST_F(BindTest, SaysWhatIsWrongWithAParameter) {
  const struct {
    const char* query;
    const char* error;
  } kCases[] = {
      {"i32=2147483648", "i32: expected an integer from -2147483648 to 2147483647"},
      {"i32=", "i32: expected an integer from -2147483648 to 2147483647"},
      {"i32=1.0", "i32: expected an integer from -2147483648 to 2147483647"},
      {"u32=-1", "u32: expected an integer from 0 to 4294967295"},
      {"flag=yes", "flag: expected `true` or `false`"},
      {"number=nan", "number: expected a number"},
      {"number=1e999", "number: expected a number"},
      {"colour=blue", "colour: expected one of `COLOUR_UNSPECIFIED`, `dark-red`"},
      {"wait=soon", "wait: expected a number of seconds such as `1.5s`"},
      {"raw=AAAA", "raw: cannot be given as text"},
      {"sub=x", "sub: cannot be given as text"},
      {"subs.text=x", "subs.text: there is no such parameter"},
      {"maybe=a&maybe=b", "maybe: is given twice"},
      {"name=m", "name: is given by the path already"},
      {"nope=1", "nope: there is no such parameter"},
      {"sub.nope=1", "sub.nope: there is no such parameter"},
      {"maybe=%c3", "maybe: is not percent-encoded UTF-8"},
      {"%=1", "the name of a query parameter is not percent-encoded UTF-8"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Bind("GET", "/get/n", test.query), "error: " + std::string(test.error)) << test.query;
  }
}

TEST_F(BindTest, LeavesTheQueryAloneWhereTheBodyIsTheRequest) {
  EXPECT_EQ(Bind("POST", "/put/n", "flag=true&beta=1&%zz"), R"(name: "n")");
}

TEST_F(BindTest, KeepsTheQueryOutOfTheBodysField) {
  EXPECT_EQ(Bind("POST", "/putsub", "flag=true"), "flag: true");
  EXPECT_EQ(Bind("POST", "/putsub", "sub.text=x"), "error: sub.text: belongs into the body");
}

TEST_F(BindTest, KeepsUnknownParametersInTheSinkInOrder) {
  EXPECT_EQ(
      Bind("GET", "/open", "b=1&a=x%22%0Ay&name=n&b=2"),
      R"(name: "n" extra { name: "b" json: "[\"1\",\"2\"]" } extra { name: "a" json: "\"x\\\"\\ny\"" })");
  EXPECT_EQ(Bind("GET", "/open", "extra=1"), R"(extra { name: "extra" json: "\"1\"" })");
  EXPECT_EQ(Bind("GET", "/open", "a.b=1"), R"(extra { name: "a.b" json: "\"1\"" })");
  EXPECT_EQ(Bind("GET", "/open", "sub.nope=1"), "error: sub.nope: there is no such parameter");
}

TEST_F(BindTest, BoundsTheNumberOfParameters) {
  std::string query;
  for (size_t i = 0; i < kMaxQueryParameters; ++i) query += "tags=a&";
  EXPECT_THAT(Bind("GET", "/get/n", query), ::testing::StartsWith("name:"));
  EXPECT_EQ(Bind("GET", "/get/n", query + "tags=a"), "error: more than 64 query parameters");
}

TEST(Bind, FillsTheTypedRequestsOfThePublicApi) {
  std::vector<const ServiceDescriptor*> services = {
      v1::GetModelRequest::descriptor()->file()->pool()->FindServiceByName("portolan.v1.ModelService")};
  auto router = Router::Build(services);
  ASSERT_TRUE(router.ok());
  RouteMatch match = (*router)->Match("GET", "/v1/models/org%2Fname");
  v1::GetModelRequest request;
  auto error = BindRequest(match, "portolan.provider=openai&portolan.timeout=0.25s&after=x", &request);
  ASSERT_FALSE(error.has_value()) << error->message;
  EXPECT_EQ(request.model(), "org/name");
  EXPECT_EQ(request.portolan().provider(), "openai");
  EXPECT_EQ(request.portolan().timeout().nanos(), 250000000);
  ASSERT_EQ(request.extra_size(), 1);
  EXPECT_EQ(request.extra(0).name(), "after");
  EXPECT_EQ(request.extra(0).json(), "\"x\"");
}

}  // namespace
}  // namespace portolan::transcode
