// What holds for every message and rpc of proto/portolan/v1, so that codec, transcoder and callers can rely
// on it.

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "google/api/annotations.pb.h"
#include "portolan/options/v1/options.pb.h"
#include "portolan/v1/chat_request.pb.h"

namespace portolan {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

std::vector<const MethodDescriptor*> Methods() {
  const auto* pool = v1::ChatCompletionRequest::descriptor()->file()->pool();
  std::vector<const MethodDescriptor*> methods;
  for (const char* name : {"ChatService", "CompletionService", "EmbeddingService", "ModelService",
                           "RerankService", "TokenService"}) {
    const auto* service = pool->FindServiceByName(std::string("portolan.v1.") + name);
    EXPECT_NE(service, nullptr) << name;
    for (int i = 0; service != nullptr && i < service->method_count(); ++i)
      methods.push_back(service->method(i));
  }
  return methods;
}

void AddFile(const FileDescriptor* file, std::set<const FileDescriptor*>* files) {
  if (file->package() != "portolan.v1" || !files->insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddFile(file->dependency(i), files);
}

std::vector<const Descriptor*> Messages() {
  std::set<const FileDescriptor*> files;
  for (const MethodDescriptor* method : Methods()) AddFile(method->file(), &files);
  std::vector<const Descriptor*> messages;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) messages.push_back(file->message_type(i));
  }
  EXPECT_GT(messages.size(), 60U);
  return messages;
}

// A JSON object with members of its own: no union, no array, no member of a free-key object.
bool IsObject(const Descriptor& type) {
  return !type.options().GetExtension(options::v1::union_) &&
         !type.options().GetExtension(options::v1::inline_) && type.FindFieldByName("key") == nullptr &&
         type.name() != "Extra";
}

TEST(ApiConventions, EveryObjectKeepsUnknownMembersInExtraNumber100) {
  for (const Descriptor* type : Messages()) {
    const FieldDescriptor* extra = type->FindFieldByName("extra");
    if (!IsObject(*type)) {
      EXPECT_EQ(extra, nullptr) << type->full_name();
      continue;
    }
    ASSERT_NE(extra, nullptr) << type->full_name();
    EXPECT_EQ(extra->number(), 100) << type->full_name();
    EXPECT_TRUE(extra->is_repeated() && extra->options().GetExtension(options::v1::sink))
        << type->full_name();
    EXPECT_EQ(extra->message_type(), v1::Extra::descriptor()) << type->full_name();
  }
}

TEST(ApiConventions, EverySingularMemberKnowsWhetherItIsThere) {
  for (const Descriptor* type : Messages()) {
    if (!IsObject(*type)) continue;
    for (int i = 0; i < type->field_count(); ++i) {
      EXPECT_TRUE(type->field(i)->is_repeated() || type->field(i)->has_presence())
          << type->field(i)->full_name();
    }
  }
}

TEST(ApiConventions, RequestsAndOnlyTheyCarryCallOptionsAsNumber101) {
  std::set<const Descriptor*> requests;
  for (const MethodDescriptor* method : Methods()) requests.insert(method->input_type());
  for (const Descriptor* type : Messages()) {
    const FieldDescriptor* field = type->FindFieldByName("portolan");
    ASSERT_EQ(field != nullptr, requests.count(type) == 1) << type->full_name();
    if (field == nullptr) continue;
    EXPECT_EQ(field->number(), 101) << type->full_name();
    EXPECT_EQ(field->message_type()->full_name(), "portolan.v1.CallOptions") << type->full_name();
    EXPECT_TRUE(field->options().GetExtension(options::v1::gateway_only)) << type->full_name();
  }
}

// `POST /v1/embeddings`; empty for other methods.
std::string PathOf(const google::api::HttpRule& rule) {
  return rule.has_get() ? "GET " + rule.get() : rule.has_post() ? "POST " + rule.post() : "";
}

TEST(ApiConventions, EveryUnaryRpcHasItsPathWithAndWithoutTheVersion) {
  for (const MethodDescriptor* method : Methods()) {
    const bool annotated = method->options().HasExtension(google::api::http);
    ASSERT_EQ(annotated, !method->server_streaming()) << method->full_name();
    if (!annotated) continue;
    const auto& rule = method->options().GetExtension(google::api::http);
    ASSERT_EQ(rule.additional_bindings_size(), 1) << method->full_name();
    const auto& bare = rule.additional_bindings(0);
    std::string path = PathOf(rule);
    size_t version = path.find("/v1/");
    ASSERT_NE(version, std::string::npos) << method->full_name();
    EXPECT_EQ(path.erase(version, 3), PathOf(bare)) << method->full_name();
    EXPECT_EQ(rule.body(), bare.body()) << method->full_name();
    EXPECT_EQ(rule.body(), rule.has_post() ? "*" : "") << method->full_name();
  }
}

}  // namespace
}  // namespace portolan
