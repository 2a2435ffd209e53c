#include "providers/dialects/anthropic/caller_request.h"

#include <algorithm>
#include <vector>

#include "server/base/sha256.h"
#include "server/base/utf8.h"
#include "server/codec/json_reader.h"

namespace portolan::providers::anthropic {
namespace {

// Members that the hub has no field for, but that providers of this dialect behind it take as they are.
constexpr std::array<std::string_view, 6> kNativeMembers = {
    "container", "context_management", "diagnostics", "inference_geo", "mcp_servers", "speed"};

// OpenAI's bound for names of end users.
constexpr size_t kMostUserCharacters = 64;
constexpr size_t kHashDigits = 16;

// OpenAI wants a name for each schema; Anthropic's have none.
constexpr std::string_view kSchemaName = "answer";

void AppendMember(std::string_view name, std::string_view json, std::string* out) {
  *out += *out == "{" ? "" : ",";
  codec::AppendQuoted(name, out);
  *out += ':';
  *out += json;
}

// The member `schema` of {"type":"json_schema","schema":{…}}; empty if there is none.
std::string SchemaOf(std::string_view json) {
  codec::JsonReader reader(json);
  if (reader.Peek() != codec::JsonType::kObject) return {};
  std::string schema;
  std::string scratch;
  reader.EnterObject();
  for (std::string_view name; reader.NextMember(&name, &scratch);) {
    const bool found = name == "schema";
    std::string_view raw;
    if (reader.Skip(&raw) && found) schema = raw;
  }
  return schema;
}

void SetResponseFormat(std::string schema, api::ChatCompletionRequest* hub) {
  hub->mutable_response_format()->set_type("json_schema");
  api::JsonSchemaFormat* format = hub->mutable_response_format()->mutable_json_schema();
  format->set_name(std::string(kSchemaName));
  format->set_schema(std::move(schema));
}

}  // namespace

bool HasOnlyFields(const Message& message, std::span<const int> fields) {
  std::vector<const google::protobuf::FieldDescriptor*> present;
  message.GetReflection()->ListFields(message, &present);
  return std::all_of(present.begin(), present.end(), [&](const google::protobuf::FieldDescriptor* field) {
    return field->name() == "extra" ||
           std::find(fields.begin(), fields.end(), field->number()) != fields.end();
  });
}

std::string ToJson(const api::CacheControl& mark) {
  std::string out = "{";
  const auto append = [&](std::string_view name, std::string_view text) {
    std::string quoted;
    codec::AppendQuoted(text, &quoted);
    AppendMember(name, quoted, &out);
  };
  if (mark.has_type()) append("type", mark.type());
  if (mark.has_ttl()) append("ttl", mark.ttl());
  for (const api::Extra& extra : mark.extra()) AppendMember(extra.name(), extra.json(), &out);
  return out += '}';
}

RequestDecoder::RequestDecoder(const wire::MessagesRequest& wire, const CallFacts& facts,
                               api::ChatCompletionRequest* hub, DroppedMembers* dropped)
    : wire_(wire), facts_(facts), hub_(hub), dropped_(dropped) {}

std::optional<Error> RequestDecoder::Run() {
  if (wire_.has_model()) hub_->set_model(wire_.model());
  DecodeParameters();
  const bool ok = DecodeExtras() && DecodeMessages() && DecodeTools() && DecodeToolChoice();
  return ok ? std::nullopt : std::move(error_);
}

bool RequestDecoder::Fail(std::string code, std::string message, std::string path) {
  error_ = Error::InvalidRequest(std::move(code), std::move(message), std::move(path));
  return false;
}

void RequestDecoder::DecodeParameters() {
  // Thinking counts toward the limit, as reasoning does toward this one of OpenAI's two.
  if (wire_.has_max_tokens()) hub_->set_max_completion_tokens(wire_.max_tokens());
  if (wire_.has_temperature()) hub_->set_temperature(wire_.temperature());
  if (wire_.has_top_p()) hub_->set_top_p(wire_.top_p());
  if (wire_.has_top_k()) hub_->set_top_k(wire_.top_k());
  if (!wire_.stop_sequences().empty()) {
    *hub_->mutable_stop()->mutable_sequences()->mutable_items() = wire_.stop_sequences();
  }
  if (facts_.stream || wire_.stream()) {
    hub_->set_stream(true);
    // The grammar of the stream demands the usage at its end.
    hub_->mutable_stream_options()->set_include_usage(true);
  }
  // `auto` is what both do by themselves.
  if (wire_.service_tier() == "standard_only") {
    hub_->set_service_tier("default");
  } else if (wire_.has_service_tier() && wire_.service_tier() != "auto") {
    hub_->set_service_tier(wire_.service_tier());
  }
  if (wire_.has_thinking()) {
    api::ThinkingConfig* thinking = hub_->mutable_thinking();
    const wire::Thinking& from = wire_.thinking();
    if (from.has_type()) thinking->set_type(from.type());
    if (from.has_budget_tokens()) thinking->set_budget_tokens(from.budget_tokens());
    if (from.has_display()) thinking->set_display(from.display());
    *thinking->mutable_extra() = from.extra();
  }
  DecodeOutputConfig();
  DecodeUserId();
}

void RequestDecoder::DecodeOutputConfig() {
  const MemberPath path{nullptr, "output_config"};
  const wire::OutputConfig& config = wire_.output_config();
  if (config.has_effort()) hub_->set_reasoning_effort(config.effort());
  DropAll(config.extra(), &path);
  if (!config.has_format()) return;
  const MemberPath format{&path, "format"};
  DropAll(config.format().extra(), &format);
  if (config.format().has_schema()) SetResponseFormat(config.format().schema(), hub_);
}

void RequestDecoder::DecodeUserId() {
  const MemberPath path{nullptr, "metadata"};
  DropAll(wire_.metadata().extra(), &path);
  const std::string& id = wire_.metadata().user_id();
  if (id.empty()) return;
  if (id.size() <= kMostUserCharacters) {
    hub_->set_user(id);
    return;
  }
  // The same name for the same user each time, but not the caller's.
  std::string name(CutUtf8(id, kMostUserCharacters - kHashDigits - 1));
  name += '_';
  name += Sha256Hex(id).substr(0, kHashDigits);
  hub_->set_user(std::move(name));
  Drop(MemberPath{&path, "user_id"});
}

bool RequestDecoder::DecodeExtras() {
  if (wire_.has_cache_control()) {
    api::Extra* extra = hub_->add_extra();
    extra->set_name("cache_control");
    extra->set_json(ToJson(wire_.cache_control()));
  }
  for (const api::Extra& extra : wire_.extra()) {
    const std::string& name = extra.name();
    const std::string& json = extra.json();
    if (json == "null" || json == "[]" || json == "{}") continue;
    if (name == "thread") {
      // Anthropic's SDKs know this code: they can send the whole conversation then.
      return Fail("thread_unsupported_request",
                  "conversations are not held here: send all messages, without `thread`", name);
    }
    if (name == "compaction") {
      return Fail("unsupported_parameter", "only Anthropic's own models compact a conversation", name);
    }
    if (name == "output_format" && !hub_->has_response_format() && !SchemaOf(json).empty()) {
      SetResponseFormat(SchemaOf(json), hub_);  // the older place of output_config.format
    } else if (std::find(kNativeMembers.begin(), kNativeMembers.end(), name) != kNativeMembers.end()) {
      *hub_->add_extra() = extra;
    } else {
      Drop(MemberPath{nullptr, name});
    }
  }
  return true;
}

}  // namespace portolan::providers::anthropic
