// Verdicts of gRPC middleware, read as what they are: bytes from outside.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/base/utf8.h"
#include "server/middleware/grpc/verdicts.h"

namespace portolan::middleware {
namespace {

using Action = Verdict::Action;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class GrpcVerdicts : public ::testing::Test {
 protected:
  Outcome Read(const v1::Verdict& said, Hook hook = Hook::kRequest, BodyView body = {nullptr, "{}"}) const {
    return ReadVerdict(said, {hook, call, body}, /*max_body=*/100);
  }
  std::string FailureOf(const v1::Verdict& said, Hook hook = Hook::kRequest,
                        BodyView body = {nullptr, "{}"}) const {
    const Outcome outcome = Read(said, hook, body);
    EXPECT_NE(outcome.verdict.has_value(), !outcome.failure.empty());
    return outcome.failure;
  }
  Denial DenialOf(const v1::Verdict& said) const {
    const Outcome outcome = Read(said);
    EXPECT_EQ(outcome.verdict->action, Action::kDeny);
    return outcome.verdict->denial;
  }

  CallInfo call;
};

TEST_F(GrpcVerdicts, NothingSaidIsToProceed) {
  EXPECT_EQ(Read({}).verdict->action, Action::kProceed);
  v1::Verdict proceed;
  proceed.mutable_proceed();
  EXPECT_EQ(Read(proceed).verdict->action, Action::kProceed);
  EXPECT_EQ(ReadChunkVerdict({}, nullptr, 100).verdict->action, Action::kProceed);
}

TEST_F(GrpcVerdicts, DenialsHaveDefaults) {
  v1::Verdict said;
  said.mutable_deny();
  const Denial denial = DenialOf(said);
  EXPECT_EQ(denial.http_status, 446);
  EXPECT_EQ(denial.code, "middleware_denied");
  EXPECT_EQ(denial.message, "");
}

TEST_F(GrpcVerdicts, DenialsAreOfTheCallersKind) {
  v1::Verdict said;
  for (const int status : {400, 446, 499}) {
    said.mutable_deny()->set_http_status(status);
    EXPECT_EQ(DenialOf(said).http_status, status);
  }
  for (const int status : {-1, 1, 200, 399, 500, 503, 100'000}) {
    said.mutable_deny()->set_http_status(status);
    EXPECT_THAT(FailureOf(said), HasSubstr(std::to_string(status)));
  }
}

TEST_F(GrpcVerdicts, CodesArePlainAndShort) {
  v1::Verdict said;
  for (const std::string& code : {std::string("a"), std::string("too_rude_2"), std::string(64, 'x')}) {
    said.mutable_deny()->set_code(code);
    EXPECT_EQ(DenialOf(said).code, code);
  }
  for (const std::string& code :
       {std::string(65, 'x'), std::string("Code"), std::string("a-b"), std::string("a b"), std::string("a\n"),
        std::string("\xc3\xa4"), std::string("a\0b", 3)}) {
    said.mutable_deny()->set_code(code);
    EXPECT_THAT(FailureOf(said), HasSubstr("code")) << code;
  }
}

TEST_F(GrpcVerdicts, MessagesAreCutBetweenCharacters) {
  v1::Verdict said;
  std::string text(1023, 'x');
  said.mutable_deny()->set_message(text + "y");
  EXPECT_EQ(DenialOf(said).message, text + "y");
  said.mutable_deny()->set_message(text + "\xe2\x82\xac");
  EXPECT_EQ(DenialOf(said).message, text);
  said.mutable_deny()->set_message(std::string(1 << 20, 'z'));
  EXPECT_THAT(DenialOf(said).message, SizeIs(1024));
}

TEST_F(GrpcVerdicts, NotesAreFewAndShort) {
  v1::Verdict said;
  for (int i = 0; i < 64; ++i)
    (*said.mutable_notes())["k" + std::to_string(100 + i)] = std::string(1020, 'v');
  const Outcome outcome = Read(said);
  ASSERT_TRUE(outcome.verdict.has_value()) << outcome.failure;
  ASSERT_THAT(outcome.verdict->notes, SizeIs(64));
  EXPECT_EQ(outcome.verdict->notes.front().first, "k100");
  EXPECT_EQ(outcome.verdict->notes.back().first, "k163");
  (*said.mutable_notes())["k163"] += "v";
  EXPECT_EQ(FailureOf(said), "a note of more than 1 KB");
  (*said.mutable_notes())["k163"] = "";
  (*said.mutable_notes())["l"] = "";
  EXPECT_EQ(FailureOf(said), "more than 64 notes");
}

TEST_F(GrpcVerdicts, FindingsAreNamesAndCounts) {
  v1::Verdict said;
  said.add_findings()->set_name("Pii.e-mail_1");
  said.add_findings()->set_name(std::string(64, 'x'));
  said.mutable_findings(1)->set_count(7);
  const Outcome outcome = Read(said);
  ASSERT_THAT(outcome.verdict->findings, SizeIs(2));
  EXPECT_EQ(outcome.verdict->findings[0].name, "Pii.e-mail_1");
  EXPECT_EQ(outcome.verdict->findings[0].count, 1u);
  EXPECT_EQ(outcome.verdict->findings[1].count, 7u);
  for (const std::string& name : {std::string(), std::string(65, 'x'), std::string("a b"), std::string("a/b"),
                                  std::string("\xc3\xa4"), std::string("4111 1111"), std::string("a\n")}) {
    said.mutable_findings(0)->set_name(name);
    EXPECT_THAT(FailureOf(said), HasSubstr("finding")) << name;
    v1::ChunkVerdict chunk;
    chunk.add_findings()->set_name(name);
    EXPECT_THAT(ReadChunkVerdict(chunk, nullptr, 100).failure, HasSubstr("finding")) << name;
  }
  said.clear_findings();
  for (int i = 0; i < 65; ++i) said.add_findings()->set_name("x");
  EXPECT_EQ(FailureOf(said), "more than 64 findings");
}

TEST_F(GrpcVerdicts, BodiesAreThere) {
  v1::Verdict said;
  said.mutable_replace();
  EXPECT_EQ(FailureOf(said), "Replace without a body");
  said.mutable_answer();
  EXPECT_EQ(FailureOf(said), "Answer without a body");
  said.mutable_replace()->set_json(std::string(101, ' '));
  EXPECT_THAT(FailureOf(said), HasSubstr("larger than max_body"));
  said.mutable_replace()->set_json(std::string(100, ' '));
  EXPECT_THAT(Read(said).verdict->body.json, SizeIs(100));
}

TEST_F(GrpcVerdicts, ReplacesAreOfTheFormThatWasTold) {
  const portolan::v1::ChatCompletionRequest request;
  const portolan::v1::ChatCompletion answer;
  v1::Verdict said;
  said.mutable_replace()->mutable_chat_request()->set_model("m");
  const Outcome outcome = Read(said, Hook::kAttempt, {&request, {}});
  ASSERT_TRUE(outcome.verdict.has_value()) << outcome.failure;
  EXPECT_EQ(static_cast<portolan::v1::ChatCompletionRequest&>(*outcome.verdict->body.typed).model(), "m");
  // It was told JSON, nothing, or something else.
  EXPECT_THAT(FailureOf(said), HasSubstr("does not fit"));
  EXPECT_THAT(FailureOf(said, Hook::kRequest, {}), HasSubstr("does not fit"));
  EXPECT_THAT(FailureOf(said, Hook::kResponse, {&answer, {}}), HasSubstr("does not fit"));
  said.mutable_replace()->mutable_embedding_request();
  EXPECT_THAT(FailureOf(said, Hook::kRequest, {&request, {}}), HasSubstr("does not fit"));
  said.mutable_replace()->mutable_chat();
  EXPECT_THAT(FailureOf(said, Hook::kRequest, {&request, {}}), HasSubstr("does not fit"));
  EXPECT_EQ(FailureOf(said, Hook::kResponse, {&answer, {}}), "");
  said.mutable_replace()->mutable_chunk();
  EXPECT_THAT(FailureOf(said, Hook::kResponse, {&answer, {}}), HasSubstr("does not fit"));
  // JSON always may.
  said.mutable_replace()->set_json("{}");
  EXPECT_EQ(FailureOf(said, Hook::kRequest, {&request, {}}), "");
  EXPECT_EQ(FailureOf(said, Hook::kResponse, {&answer, {}}), "");
}

TEST_F(GrpcVerdicts, AnswersAreToRequests) {
  const portolan::v1::CompletionRequest completion;
  v1::Verdict said;
  said.mutable_answer()->set_json("{}");
  EXPECT_EQ(Read(said).verdict->action, Action::kAnswer);
  EXPECT_EQ(FailureOf(said, Hook::kResponse), "Answer to a response");
  said.mutable_answer()->mutable_chat()->set_id("c");
  EXPECT_THAT(FailureOf(said), HasSubstr("does not fit"));
  call.operation = "chat";
  EXPECT_EQ(Read(said, Hook::kAttempt).verdict->body.typed->GetTypeName(), "portolan.v1.ChatCompletion");
  call.operation = "completion";
  EXPECT_THAT(FailureOf(said), HasSubstr("does not fit"));
  said.mutable_answer()->mutable_completion();
  EXPECT_EQ(FailureOf(said), "");
  call.operation = "embedding";
  EXPECT_THAT(FailureOf(said), HasSubstr("does not fit"));
  EXPECT_EQ(FailureOf(said, Hook::kRequest, {&completion, {}}), "");
}

TEST_F(GrpcVerdicts, ChunksAreReplacedByChunks) {
  const auto* const chunk = portolan::v1::ChatCompletionChunk::descriptor();
  v1::ChunkVerdict said;
  said.mutable_replace()->mutable_chunk()->set_id("k");
  EXPECT_NE(ReadChunkVerdict(said, chunk, 100).verdict->body.typed, nullptr);
  EXPECT_THAT(ReadChunkVerdict(said, nullptr, 100).failure, HasSubstr("does not fit"));
  said.mutable_replace()->mutable_chat();
  EXPECT_THAT(ReadChunkVerdict(said, chunk, 100).failure, HasSubstr("does not fit"));
  said.mutable_replace()->mutable_completion();
  EXPECT_THAT(ReadChunkVerdict(said, chunk, 100).failure, HasSubstr("does not fit"));
  EXPECT_TRUE(ReadChunkVerdict(said, portolan::v1::Completion::descriptor(), 100).verdict.has_value());
  said.mutable_replace()->set_json(std::string(101, ' '));
  EXPECT_THAT(ReadChunkVerdict(said, chunk, 100).failure, HasSubstr("larger than max_body"));
}

TEST_F(GrpcVerdicts, NoTextOfTheServicesIsInAFailure) {
  v1::Verdict said;
  said.mutable_deny()->set_code("Marker code");
  EXPECT_THAT(FailureOf(said), ::testing::Not(HasSubstr("Marker")));
  said.mutable_proceed();
  said.add_findings()->set_name("Marker name");
  EXPECT_THAT(FailureOf(said), ::testing::Not(HasSubstr("Marker")));
  said.clear_findings();
  (*said.mutable_notes())["Marker"] = std::string(2000, 'x');
  EXPECT_THAT(FailureOf(said), ::testing::Not(HasSubstr("Marker")));
}

}  // namespace
}  // namespace portolan::middleware
