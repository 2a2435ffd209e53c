// Middleware on whole calls, at both doors: what they are told, and what comes of what they say, as
// docs/middleware.md has it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/support/middleware_gateway.h"
#include "tests/support/eventually.h"

namespace portolan::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

// With layout of its own, which must stay.
constexpr char kRequest[] =
    R"({"model" : "m",  "messages":[{"role":"user","content":"hi"}], "novel":{"a":[1, 2]}})";
constexpr char kAnswer[] =
    R"({"id":"c-1", "object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"yes"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7},  "novel":{"a":[1, 2]}})";

class Middleware : public ::testing::Test {
 protected:
  GatewayFixture Start(const std::string& entries, const std::string& rest) {
    return StartWithMiddleware(upstream_, entries, rest);
  }
  static TestAnswer Post(const GatewayFixture& gateway, const std::string& body, const Headers& headers = {},
                         const std::string& path = "/v1/chat/completions") {
    return TestClient(gateway.http_address()).Post(path, body, headers);
  }
  static std::string Code(const TestAnswer& answer) {
    const Json body = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    return body.is_object() && body.contains("error") ? body["error"].value("code", "") : answer.body;
  }

  FakeUpstream::Handler answer_ = [](const SeenRequest& request) {
    return request.body.find("\"stream\"") != std::string::npos ? Answering(request, "yes")
                                                                : RespondJson(200, kAnswer);
  };
  FakeUpstream upstream_{[this](const SeenRequest& request) { return answer_(request); }};
};

constexpr char kDefault[] = "default_middleware: [one]\n";

// One that only reads, whatever it reads, leaves every byte as it came, both ways.
TEST_F(Middleware, WhatOnlyReadsKeepsTheBytes) {
  for (const mw::BodyForm form : {mw::BODY_FORM_NONE, mw::BODY_FORM_JSON, mw::BODY_FORM_TYPED}) {
    const TestMiddleware service(
        {.hooks = {mw::HOOK_REQUEST, mw::HOOK_ATTEMPT, mw::HOOK_RESPONSE, mw::HOOK_END},
         .form = form,
         .read_only = true,
         .wants_request = true});
    GatewayFixture gateway = Start(Entry("one", service), kDefault);
    const TestAnswer answer = Post(gateway, kRequest);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, kAnswer);
    EXPECT_EQ(upstream_.requests().back().body, kRequest);
    ASSERT_EQ(service.requests().size(), 2U);
    EXPECT_FALSE(service.requests()[0].is_attempt());
    EXPECT_TRUE(service.requests()[1].is_attempt());
    ASSERT_EQ(service.responses().size(), 1U);
    const mw::ResponseEvent response = service.responses()[0];
    EXPECT_EQ(response.status(), 200);
    EXPECT_EQ(response.usage().input(), 3);
    EXPECT_EQ(response.usage().output(), 4);
    EXPECT_EQ(response.request_json(), kRequest);
    EXPECT_EQ(response.has_chat(), form == mw::BODY_FORM_TYPED);
    if (form == mw::BODY_FORM_TYPED) {
      EXPECT_EQ(response.chat().choices(0).message().content().text(), "yes");
      EXPECT_EQ(service.requests()[0].chat().messages(0).content().text(), "hi");
    }
    if (form == mw::BODY_FORM_JSON) {
      EXPECT_EQ(response.json(), kAnswer);
      EXPECT_EQ(service.requests()[0].json(), kRequest);
    }
  }
}

TEST_F(Middleware, IsToldOfTheCall) {
  const TestMiddleware service({.hooks = {mw::HOOK_REQUEST, mw::HOOK_RESPONSE, mw::HOOK_END}});
  GatewayFixture gateway = Start(Entry("one", service, ", headers: [X-User]"),
                                 "routes:\n  main: {middleware: [one], targets: [{provider: lab}]}\n"
                                 "callers:\n  keys:\n    - {name: billing, key: \"env:CALLER\"}\n");
  const Headers headers = {{"x-portolan-api-key", "c-key"},
                           {"authorization", "Bearer mine"},
                           {"x-portolan-config", "main"},
                           {"x-portolan-metadata", R"({"team":"a"})"},
                           {"x-user", "ann"},
                           {"x-other", "no"},
                           {"x-portolan-request-timeout", "60000"}};
  EXPECT_EQ(Post(gateway, kRequest, headers).status, 200);
  ASSERT_TRUE(service.WaitForEnds(1));
  const mw::Call first = service.requests().at(0).call();
  EXPECT_EQ(first.caller(), "billing");
  EXPECT_EQ(first.route(), "main");
  EXPECT_EQ(first.model(), "m");
  EXPECT_EQ(first.operation(), "chat");
  EXPECT_EQ(first.path(), "/chat/completions");
  EXPECT_EQ(first.metadata_json(), R"({"team":"a"})");
  EXPECT_EQ(first.provider(), "");
  EXPECT_EQ(first.attempt(), 0U);
  ASSERT_EQ(first.headers_size(), 1);
  EXPECT_EQ(first.headers(0).name(), "x-user");
  EXPECT_EQ(first.headers(0).value(), "ann");
  EXPECT_GT(first.remaining().seconds(), 50);
  EXPECT_LE(first.remaining().seconds(), 60);
  EXPECT_EQ(first.trace_id().size(), 32U);
  const mw::Call then = service.responses().at(0).call();
  EXPECT_EQ(then.provider(), "lab");
  EXPECT_EQ(then.target(), "config.targets[0]");
  EXPECT_EQ(then.request_id(), first.request_id());
  const mw::EndEvent end = service.ends().at(0);
  EXPECT_EQ(end.status(), 200);
  EXPECT_EQ(end.error_code(), "");
  EXPECT_EQ(end.usage().output(), 4);
  EXPECT_EQ(end.finish_reason(), "stop");
  EXPECT_EQ(end.attempts(), 1U);
}

TEST_F(Middleware, MayReplaceTheRequest) {
  const auto replace = [](const mw::RequestEvent& event, mw::Verdict* verdict) {
    auto* const chat = verdict->mutable_replace()->mutable_chat_request();
    *chat = event.chat();
    chat->mutable_messages(0)->mutable_content()->set_text("bye");
    chat->set_model("other");
    return grpc::Status::OK;
  };
  const TestMiddleware service({.hooks = {mw::HOOK_REQUEST}, .request = replace});
  GatewayFixture gateway = Start(Entry("one", service), kDefault);
  for (const RouteCall& call : AtBothDoors({})) {
    EXPECT_EQ(RouteCaller(gateway).Call(call).text, "yes") << Describe(call);
    const Json sent = Json::parse(upstream_.requests().back().body);
    EXPECT_EQ(sent["messages"][0]["content"], "bye") << Describe(call);
    EXPECT_EQ(sent["model"], "other") << Describe(call);
  }
  // What is not known passes too.
  EXPECT_EQ(Post(gateway, kRequest).status, 200);
  EXPECT_EQ(Json::parse(upstream_.requests().back().body)["novel"], Json::parse(R"({"a":[1, 2]})"));
}

// The route is chosen by what middleware have made of the request.
TEST_F(Middleware, AReplacedRequestIsRoutedAnew) {
  const auto replace = [](const mw::RequestEvent&, mw::Verdict* verdict) {
    verdict->mutable_replace()->set_json(
        R"({"model":"echo/e","messages":[{"role":"user","content":"hello"}]})");
    return grpc::Status::OK;
  };
  const TestMiddleware service({.hooks = {mw::HOOK_REQUEST}, .form = mw::BODY_FORM_JSON, .request = replace});
  GatewayFixture gateway = Start(Entry("one", service), kDefault);
  const TestAnswer answer = Post(gateway, kRequest);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("x-portolan-provider"), "echo");
  EXPECT_THAT(answer.body, HasSubstr("hello"));
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

TEST_F(Middleware, MayDenyTheRequest) {
  const TestMiddleware service({.hooks = {mw::HOOK_REQUEST, mw::HOOK_END},
                                .request = [](const mw::RequestEvent& event, mw::Verdict* verdict) {
                                  const bool custom = event.chat().model() == "custom";
                                  return custom ? Deny(verdict, 403, "model_not_allowed", "not this one")
                                                : Deny(verdict);
                                }});
  GatewayFixture gateway = Start(Entry("one", service), kDefault);
  for (const RouteCall& call : AtBothDoors({})) {
    const RouteAnswer answer = RouteCaller(gateway).Call(call);
    EXPECT_EQ(answer.status, 446) << Describe(call);
    EXPECT_EQ(answer.code, "middleware_denied") << Describe(call);
    EXPECT_EQ(answer.error_class, "policy");
    EXPECT_EQ(answer.attempts, 0);
    if (call.door == Door::kGrpc) EXPECT_EQ(answer.rpc, grpc::FAILED_PRECONDITION);
  }
  RouteCall call;
  call.model = "custom";
  const RouteAnswer answer = RouteCaller(gateway).Call(call);
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.code, "model_not_allowed");
  EXPECT_EQ(answer.message, "not this one");
  EXPECT_THAT(upstream_.requests(), IsEmpty());
  ASSERT_TRUE(service.WaitForEnds(5));
  EXPECT_EQ(service.ends()[0].error_code(), "middleware_denied");
  EXPECT_EQ(service.ends()[0].error_class(), "policy");
}

TEST_F(Middleware, MayAnswerByItself) {
  const auto say = [](const mw::RequestEvent& event, mw::Verdict* verdict) {
    if (!event.has_chat()) {
      verdict->mutable_answer()->set_json(
          R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"pong"}],)"
          R"("stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}})");
      return grpc::Status::OK;
    }
    auto* const chat = verdict->mutable_answer()->mutable_chat();
    chat->set_id("x");
    chat->set_object("chat.completion");
    auto* const choice = chat->add_choices();
    choice->set_index(0);
    choice->set_finish_reason("stop");
    choice->mutable_message()->set_role("assistant");
    choice->mutable_message()->mutable_content()->set_text("pong");
    return grpc::Status::OK;
  };
  const TestMiddleware outer({.hooks = {mw::HOOK_RESPONSE, mw::HOOK_CHUNK}});
  const TestMiddleware service({.hooks = {mw::HOOK_REQUEST}, .request = say});
  const TestMiddleware inner({.hooks = {mw::HOOK_REQUEST, mw::HOOK_RESPONSE, mw::HOOK_END}});
  GatewayFixture gateway = Start(Entry("outer", outer) + Entry("one", service) + Entry("inner", inner),
                                 "default_middleware: [outer, one, inner]\n");
  for (const RouteCall& call : AtBothDoors({})) {
    const RouteAnswer answer = RouteCaller(gateway).Call(call);
    EXPECT_EQ(answer.status, 200) << Describe(call) << answer.body;
    EXPECT_EQ(answer.text, "pong") << Describe(call);
  }
  const std::string messages = R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]})";
  const TestAnswer whole = Post(gateway, messages, {}, "/v1/messages");
  EXPECT_EQ(whole.status, 200) << whole.body;
  EXPECT_EQ(Json::parse(whole.body)["content"][0]["text"], "pong");
  const TestAnswer stream = Post(
      gateway, R"({"model":"m","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"hi"}]})",
      {}, "/v1/messages");
  EXPECT_EQ(stream.status, 200) << stream.body;
  EXPECT_THAT(stream.body, HasSubstr("message_start"));
  EXPECT_THAT(stream.body, HasSubstr("pong"));
  EXPECT_THAT(stream.body, HasSubstr("message_stop"));
  EXPECT_THAT(upstream_.requests(), IsEmpty());
  // Those before it see the answer, those behind it neither request nor answer, and all the end.
  EXPECT_EQ(outer.responses().size(), 3U);
  EXPECT_THAT(inner.requests(), IsEmpty());
  EXPECT_THAT(inner.responses(), IsEmpty());
  ASSERT_TRUE(inner.WaitForEnds(6));
  EXPECT_EQ(inner.ends()[0].attempts(), 0U);
}

TEST_F(Middleware, MayChangeAndDenyTheAnswer) {
  const auto judge = [](const mw::ResponseEvent& event, mw::Verdict* verdict) {
    if (event.call().model() == "deny") return Deny(verdict, 0, "", "not told");
    auto* const chat = verdict->mutable_replace()->mutable_chat();
    *chat = event.chat();
    chat->mutable_choices(0)->mutable_message()->mutable_content()->set_text("no");
    return grpc::Status::OK;
  };
  const TestMiddleware service({.hooks = {mw::HOOK_RESPONSE}, .response = judge});
  GatewayFixture gateway = Start(Entry("one", service), kDefault);
  for (RouteCall call : AtBothDoors({})) {
    const RouteAnswer changed = RouteCaller(gateway).Call(call);
    EXPECT_EQ(changed.status, 200) << Describe(call);
    // A streamed answer is held until it has been looked at.
    EXPECT_EQ(changed.text, "no") << Describe(call);
    call.model = "deny";
    const RouteAnswer denied = RouteCaller(gateway).Call(call);
    EXPECT_EQ(denied.status, 446) << Describe(call);
    EXPECT_EQ(denied.code, "middleware_denied") << Describe(call);
    EXPECT_EQ(denied.message, "not told") << Describe(call);
    EXPECT_EQ(denied.text, "");
  }
  EXPECT_EQ(service.responses().back().streamed(), true);
  EXPECT_EQ(Json::parse(Post(gateway, kRequest).body)["novel"], Json::parse(R"({"a":[1, 2]})"));
}

// Each hears of a request in the order of the chain, and of an answer the other way round.
TEST_F(Middleware, StandInOrder) {
  const auto note = [](const std::string& name) {
    return [name](const mw::RequestEvent& event, mw::Verdict* verdict) {
      std::string all;
      if (const auto found = event.call().notes().find("seen"); found != event.call().notes().end())
        all = found->second;
      (*verdict->mutable_notes())["seen"] = all + name;
      return grpc::Status::OK;
    };
  };
  const auto noted = [](const std::string& name) {
    return [name](const mw::ResponseEvent& event, mw::Verdict* verdict) {
      (*verdict->mutable_notes())["seen"] = event.call().notes().at("seen") + name;
      return grpc::Status::OK;
    };
  };
  const std::vector<mw::Hook> hooks = {mw::HOOK_REQUEST, mw::HOOK_RESPONSE, mw::HOOK_END};
  const TestMiddleware a({.hooks = hooks, .request = note("a"), .response = noted("a")});
  const TestMiddleware b({.hooks = hooks, .request = note("b"), .response = noted("b")});
  const TestMiddleware c({.hooks = hooks, .request = note("c"), .response = noted("c")});
  const TestMiddleware d({.hooks = hooks, .request = note("d"), .response = noted("d")});
  GatewayFixture gateway =
      Start(Entry("a", a) + Entry("b", b) + Entry("c", c) + Entry("d", d),
            "default_middleware: [a]\n"
            "callers:\n  keys:\n    - {name: billing, key: \"env:CALLER\", middleware: [b]}\n"
            "routes:\n  main: {middleware: [c], strategy: {mode: fallback}, targets: [{provider: lab, "
            "middleware: [d, a]}]}\n");
  EXPECT_EQ(Post(gateway, kRequest, {{"x-portolan-api-key", "c-key"}, {"x-portolan-config", "main"}}).status,
            200);
  ASSERT_TRUE(a.WaitForEnds(1));
  EXPECT_EQ(a.ends()[0].call().notes().at("seen"), "abcddcba");
  // The target's own is asked about what that target is to see.
  EXPECT_EQ(d.requests().at(0).call().provider(), "lab");
}

// A denied attempt is its target's outcome.
TEST_F(Middleware, ADeniedAttemptFallsBack) {
  const TestMiddleware service(
      {.hooks = {mw::HOOK_ATTEMPT}, .request = [](const mw::RequestEvent& event, mw::Verdict* verdict) {
         if (event.call().model() == "first") return Deny(verdict);
         auto* const chat = verdict->mutable_replace()->mutable_chat_request();
         *chat = event.chat();
         chat->mutable_messages(0)->mutable_content()->set_text("to " + event.call().model());
         return grpc::Status::OK;
       }});
  GatewayFixture gateway =
      Start(Entry("one", service),
            std::string(kDefault) +
                "routes:\n  main: {strategy: {mode: fallback}, targets: [{provider: lab, override_params: "
                "{model: first}, "
                "retry: {attempts: 2}}, {provider: lab, override_params: {model: second}}]}\n");
  const TestAnswer answer = Post(gateway, kRequest, {{"x-portolan-config", "main"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("x-portolan-last-used-option-index"), "config.targets[1]");
  ASSERT_EQ(upstream_.requests().size(), 1U);
  const Json sent = Json::parse(upstream_.requests()[0].body);
  EXPECT_EQ(sent["messages"][0]["content"], "to second");
  EXPECT_EQ(sent["model"], "second");
  EXPECT_EQ(service.requests().size(), 2U);
}

TEST_F(Middleware, ConfigsOfCallersMayOnlyAddWhatThereIs) {
  const TestMiddleware service({.hooks = {mw::HOOK_REQUEST}});
  GatewayFixture gateway = Start(Entry("one", service), "");
  EXPECT_EQ(Post(gateway, kRequest).status, 200);
  EXPECT_THAT(service.requests(), IsEmpty());
  EXPECT_EQ(
      Post(gateway, kRequest, {{"x-portolan-config", R"({"provider":"lab","middleware":["one"]})"}}).status,
      200);
  EXPECT_EQ(service.requests().size(), 1U);
  const TestAnswer answer =
      Post(gateway, kRequest, {{"x-portolan-config", R"({"provider":"lab","middleware":["none"]})"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(Code(answer), "invalid_config");
  EXPECT_THAT(answer.body, HasSubstr("config.middleware[0]: there is no middleware called"));
}

// Beside the call nothing is delayed and nothing changed.
TEST_F(Middleware, BesideTheCallNothingIsDelayed) {
  Latch go;
  const TestMiddleware service({.hooks = {mw::HOOK_REQUEST, mw::HOOK_RESPONSE},
                                .form = mw::BODY_FORM_JSON,
                                .request =
                                    [&](const mw::RequestEvent&, mw::Verdict* verdict) {
                                      go.Wait();
                                      return Deny(verdict);
                                    },
                                .response =
                                    [](const mw::ResponseEvent&, mw::Verdict* verdict) {
                                      verdict->mutable_replace()->set_json("{}");
                                      return grpc::Status::OK;
                                    }});
  GatewayFixture gateway = Start(Entry("one", service, ", async: true, timeout: 60s"), kDefault);
  EXPECT_EQ(Post(gateway, kRequest).body, kAnswer);
  go.Release();
  for (RouteCall call : AtBothDoors({})) {
    EXPECT_EQ(RouteCaller(gateway).Call(call).text, "yes") << Describe(call);
  }
  ASSERT_TRUE(service.WaitForResponses(5));
  EXPECT_EQ(service.responses()[0].json(), kAnswer);
}

// What is relayed is looked at as text.
TEST_F(Middleware, SeeWhatIsRelayed) {
  const TestMiddleware service(
      {.hooks = {mw::HOOK_REQUEST, mw::HOOK_RESPONSE},
       .request =
           [](const mw::RequestEvent& event, mw::Verdict* verdict) {
             if (event.json() == R"({"model":"m","input":"change"})")
               verdict->mutable_replace()->set_json(R"({"model":"m","input":"changed"})");
             return grpc::Status::OK;
           },
       .response =
           [](const mw::ResponseEvent& event, mw::Verdict* verdict) {
             return event.json().find("secret") == std::string::npos ? grpc::Status::OK : Deny(verdict);
           }});
  GatewayFixture gateway = Start(Entry("one", service), kDefault);
  answer_ = [](const SeenRequest& request) {
    return RespondJson(200, request.body.find("tell") != std::string::npos ? R"({"output":"secret"})"
                                                                           : R"({"output" : "fine"})");
  };
  EXPECT_EQ(Post(gateway, R"({"model":"m","input":"tell"})", {}, "/v1/responses").status, 446);
  const TestAnswer fine = Post(gateway, R"({"model":"m","input":"change"})", {}, "/v1/responses");
  EXPECT_EQ(fine.status, 200);
  EXPECT_EQ(fine.body, R"({"output" : "fine"})");
  EXPECT_EQ(upstream_.requests().back().body, R"({"model":"m","input":"changed"})");
  EXPECT_EQ(service.requests()[0].call().operation(), "raw");
  EXPECT_EQ(service.requests()[0].call().path(), "/responses");
}

// What cannot be read is asked about by its head; a denial is what the caller and the log are told.
TEST_F(Middleware, MayDenyWhatCannotBeRead) {
  const TestMiddleware service(
      {.hooks = {mw::HOOK_RESPONSE, mw::HOOK_END},
       .response = [](const mw::ResponseEvent&, mw::Verdict* verdict) { return Deny(verdict); }});
  GatewayFixture gateway = Start(Entry("one", service), kDefault);
  answer_ = [](const SeenRequest&) { return Respond(200, "\x89PNG", {{"content-type", "image/png"}}); };
  EXPECT_EQ(Post(gateway, R"({"model":"m","input":"x"})", {}, "/v1/audio/speech").status, 446);
  ASSERT_TRUE(service.WaitForEnds(1));
  EXPECT_EQ(service.responses().at(0).body_case(), mw::ResponseEvent::BODY_NOT_SET);
  EXPECT_EQ(service.ends()[0].status(), 446);
  EXPECT_EQ(service.ends()[0].error_code(), "middleware_denied");
}

TEST_F(Middleware, MayAnswerWhatWouldBeRelayed) {
  const TestMiddleware service(
      {.hooks = {mw::HOOK_REQUEST}, .request = [](const mw::RequestEvent&, mw::Verdict* verdict) {
         verdict->mutable_answer()->set_json(R"({"output" : "mine"})");
         return grpc::Status::OK;
       }});
  GatewayFixture gateway = Start(Entry("one", service), kDefault);
  const TestAnswer answer = Post(gateway, R"({"model":"m","input":"x"})", {}, "/v1/responses");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"output" : "mine"})");
  EXPECT_THAT(upstream_.requests(), IsEmpty());
}

// One beside calls that is not there delays nobody, and is asked when it has come.
TEST_F(Middleware, BesideTheCallNobodyWaitsForOneThatIsAway) {
  auto first = std::make_unique<TestMiddleware>(TestMiddleware::Script{.hooks = {mw::HOOK_RESPONSE}});
  const std::string entry = Entry("one", *first, ", async: true, timeout: 60s");
  first.reset();
  GatewayFixture gateway = Start(entry, kDefault);
  EXPECT_EQ(Post(gateway, kRequest).body, kAnswer);
}

// A webhook of Portkey's shape (https://portkey.ai/docs/product/guardrails/bring-your-own-guardrails).
TEST_F(Middleware, WebhooksHavePortkeysShape) {
  FakeUpstream hook([](const SeenRequest& request) {
    const Json asked = Json::parse(request.body);
    if (asked["eventType"] == "beforeRequestHook" && asked["request"]["text"] == "no")
      return RespondJson(200, R"({"verdict":false})");
    if (asked["eventType"] == "beforeRequestHook") {
      return RespondJson(200, R"({"verdict":true,"transformedData":{"request":{"json":)"
                              R"({"model":"m","messages":[{"role":"user","content":"by hook"}]}}}})");
    }
    return RespondJson(200, R"({"verdict":true})");
  });
  GatewayFixture gateway = Start("  one: {webhook: \"" + hook.url() +
                                     "/v1/check?a=b\", secret_headers: {x-secret: \"env:HOOK_SECRET\"}}\n",
                                 kDefault);
  EXPECT_EQ(Post(gateway, kRequest, {{"x-portolan-metadata", R"({"team":"a"})"}}).body, kAnswer);
  ASSERT_EQ(hook.requests().size(), 2U);
  const SeenRequest before = hook.requests()[0];
  EXPECT_EQ(before.target, "/v1/check?a=b");
  EXPECT_EQ(before.Header("x-secret"), "hush");
  EXPECT_EQ(before.Header("authorization"), "");
  const Json told = Json::parse(before.body);
  EXPECT_EQ(told["request"]["json"], Json::parse(kRequest));
  EXPECT_EQ(told["request"]["text"], "hi");
  EXPECT_EQ(told["request"]["isStreamingRequest"], false);
  EXPECT_EQ(told["requestType"], "chatComplete");
  EXPECT_EQ(told["metadata"], Json::parse(R"({"team":"a"})"));
  const Json after = Json::parse(hook.requests()[1].body);
  EXPECT_EQ(after["eventType"], "afterRequestHook");
  EXPECT_EQ(after["provider"], "lab");
  EXPECT_EQ(after["response"]["json"], Json::parse(kAnswer));
  EXPECT_EQ(after["response"]["text"], "yes");
  EXPECT_EQ(Json::parse(upstream_.requests()[0].body)["messages"][0]["content"], "by hook");
  const TestAnswer denied = Post(gateway, R"({"model":"m","messages":[{"role":"user","content":"no"}]})");
  EXPECT_EQ(denied.status, 446);
  EXPECT_EQ(Code(denied), "middleware_denied");
}

TEST_F(Middleware, TheCallersNameGoesToTheProvider) {
  GatewayFixture gateway = Start("  who: {built_in: user_of_caller}\n",
                                 "default_middleware: [who]\n"
                                 "callers:\n  keys:\n    - {name: billing, key: \"env:CALLER\"}\n");
  const Headers headers = {{"x-portolan-api-key", "c-key"}};
  EXPECT_EQ(Post(gateway, kRequest, headers).status, 200);
  EXPECT_EQ(upstream_.requests().back().body, R"({"user":"billing",)" + std::string(kRequest).substr(1));
  const std::string own = R"({"user":"me","model":"m","messages":[{"role":"user","content":"hi"}]})";
  EXPECT_EQ(Post(gateway, own, headers).status, 200);
  EXPECT_EQ(upstream_.requests().back().body, own);
}

TEST_F(Middleware, AreCountedAndLogged) {
  const TestMiddleware service(
      {.hooks = {mw::HOOK_REQUEST}, .request = [](const mw::RequestEvent&, mw::Verdict* verdict) {
         auto* const finding = verdict->add_findings();
         finding->set_name("email");
         finding->set_count(2);
         return Deny(verdict);
       }});
  GatewayFixture gateway = Start(Entry("one", service), kDefault);
  EXPECT_EQ(Post(gateway, kRequest).status, 446);
  const std::string metrics = TestClient(gateway.admin_address()).Get("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr(R"(portolan_middleware_seconds_count{middleware="one",hook="request"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(portolan_middleware_errors_total{middleware="one",hook="request"} 0)"));
}

}  // namespace
}  // namespace portolan::test
