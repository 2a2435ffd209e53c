#include "server/config_file/json_schema.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "portolan/config/v1/gateway_config.pb.h"
#include "portolan/options/v1/options.pb.h"
#include "providers/registry.h"
#include "server/config_file/proto_comments.h"
#include "server/config_file/proto_shape.h"

namespace portolan::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kReference[] = "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$";
constexpr char kName[] = "^[A-Za-z0-9._-]{1,128}$";
constexpr char kHeaderName[] = "^[A-Za-z0-9_-]+$";
constexpr char kTime[] = "^[0-9]+\\.?[0-9]*(ms|s|m|h)?$";
constexpr char kSize[] = "^[0-9]+\\.?[0-9]*([kKmMgG]?[iI]?[bB])?$";

// What the loader demands of a member besides its type.
struct Rule {
  std::string_view field;  // below `portolan.`
  const char* keyword;
  Json value;
};

std::vector<Rule> Rules() {
  const Json names = {{"pattern", kName}};
  const Json guardrail = {{"type", {"object", "string"}}};
  return {
      {"config.v1.Callers.admin_key", "pattern", kReference},
      {"config.v1.CallerKey.key", "pattern", kReference},
      {"config.v1.ProviderConfig.api_key", "pattern", kReference},
      {"config.v1.ProviderAuth.header", "pattern", kHeaderName},
      {"v1.RouteConfig.api_key", "pattern", kReference},
      {"config.v1.CallerKey.name", "pattern", kName},
      {"config.v1.CallerKey.sha256", "pattern", "^[0-9a-fA-F]{64}$"},
      {"config.v1.CallerKey.routes", "minItems", 1},
      {"config.v1.CallerKey.models", "minItems", 1},
      {"config.v1.GatewayConfig.providers", "propertyNames", names},
      {"config.v1.GatewayConfig.routes", "propertyNames", names},
      {"config.v1.GatewayConfig.guardrails", "propertyNames", names},
      {"config.v1.GatewayConfig.middleware", "propertyNames", names},
      {"config.v1.MiddlewareConfig.on_error", "enum", {"deny", "pass"}},
      {"config.v1.MiddlewareConfig.hooks", "minItems", 1},
      {"config.v1.MiddlewareConfig.timeout", "pattern", kTime},
      {"config.v1.MiddlewareConfig.max_body", "pattern", kSize},
      {"config.v1.MiddlewareConfig.secret_headers",
       "additionalProperties",
       {{"type", "string"}, {"pattern", kReference}}},
      {"config.v1.GatewayConfig.default_input_guardrails", "type", "array"},
      {"config.v1.GatewayConfig.default_input_guardrails", "items", guardrail},
      {"config.v1.GatewayConfig.default_output_guardrails", "type", "array"},
      {"config.v1.GatewayConfig.default_output_guardrails", "items", guardrail},
      {"config.v1.CallerKey.input_guardrails", "type", "array"},
      {"config.v1.CallerKey.input_guardrails", "items", guardrail},
      {"config.v1.CallerKey.output_guardrails", "type", "array"},
      {"config.v1.CallerKey.output_guardrails", "items", guardrail},
      {"v1.RouteConfig.before_request_hooks", "type", "array"},
      {"v1.RouteConfig.before_request_hooks", "items", guardrail},
      {"v1.RouteConfig.after_request_hooks", "type", "array"},
      {"v1.RouteConfig.after_request_hooks", "items", guardrail},
      {"v1.RouteConfig.input_guardrails", "type", "array"},
      {"v1.RouteConfig.input_guardrails", "items", guardrail},
      {"v1.RouteConfig.output_guardrails", "type", "array"},
      {"v1.RouteConfig.output_guardrails", "items", guardrail},
      {"v1.RouteConfig.input_mutators", "type", "array"},
      {"v1.RouteConfig.input_mutators", "items", guardrail},
      {"v1.RouteConfig.output_mutators", "type", "array"},
      {"v1.RouteConfig.output_mutators", "items", guardrail},
      {"v1.RouteConfig.default_input_guardrails", "type", "array"},
      {"v1.RouteConfig.default_input_guardrails", "items", guardrail},
      {"v1.RouteConfig.default_output_guardrails", "type", "array"},
      {"v1.RouteConfig.default_output_guardrails", "items", guardrail},
      {"config.v1.GatewayConfig.log_level", "enum", {"error", "warn", "info", "debug"}},
      {"config.v1.Usage.streams", "enum", {"always", "asked"}},
      {"config.v1.Tls.client_auth", "enum", {"required", "optional"}},
      {"config.v1.Limits.max_body", "pattern", kSize},
      {"config.v1.Limits.max_relay_body", "pattern", kSize},
      {"config.v1.Limits.max_held", "pattern", kSize},
      {"config.v1.Listen.drain_delay", "pattern", kTime},
      {"config.v1.Listen.grace", "pattern", kTime},
      {"config.v1.Listen.keep_alive", "pattern", kTime},
      {"config.v1.Listen.grpc_max_connection_age", "pattern", kTime},
      {"config.v1.Listen.grpc_max_connection_age_grace", "pattern", kTime},
      {"config.v1.Listen.threads", "minimum", 1},
      {"config.v1.Listen.threads", "maximum", 1024},
      {"config.v1.Timeouts.connect", "pattern", kTime},
      {"config.v1.Timeouts.first_byte", "pattern", kTime},
      {"config.v1.Timeouts.idle", "pattern", kTime},
      {"config.v1.Timeouts.stream_hold", "pattern", kTime},
      {"config.v1.Timeouts.heartbeat", "pattern", kTime},
  };
}

class SchemaWriter {
 public:
  Json Document(const Descriptor& root) {
    Json document = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                     {"title", "Portolan's config file"}};
    document.update(Object(root));
    // Objects name further ones.
    Json definitions = Json::object();
    while (!wanted_.empty()) {
      const Descriptor* const type = *wanted_.begin();
      wanted_.erase(wanted_.begin());
      if (!definitions.contains(type->name())) definitions[type->name()] = Object(*type);
    }
    document["$defs"] = std::move(definitions);
    return document;
  }

 private:
  struct ByName {
    bool operator()(const Descriptor* a, const Descriptor* b) const { return a->name() < b->name(); }
  };

  Json Object(const Descriptor& type) {
    Json schema = Described(type.full_name());
    schema["type"] = "object";
    schema["additionalProperties"] = false;
    if (&type == v1::CallerKey::descriptor()) {
      schema["required"] = {"name"};
      schema["oneOf"] = {{{"required", {"key"}}}, {{"required", {"sha256"}}}};
    }
    if (&type == v1::MiddlewareConfig::descriptor()) {
      schema["oneOf"] = {{{"required", {"grpc"}}}, {{"required", {"webhook"}}}, {{"required", {"built_in"}}}};
    }
    Json& properties = schema["properties"] = Json::object();
    for (int i = 0; i < type.field_count(); ++i) {
      if (!IsSink(*type.field(i))) properties[std::string(JsonName(*type.field(i)))] = Member(*type.field(i));
    }
    if (&type == ::portolan::v1::RouteConfig::descriptor()) AddOptions(&properties);
    return schema;
  }

  // What providers take besides.
  static void AddOptions(Json* properties) {
    const auto registry = providers::Registry::BuiltIn();
    for (const auto& provider : registry->all()) {
      for (const providers::ProviderOption& option : provider->options) {
        for (const std::string& name : {option.name, option.config_name}) {
          if (!name.empty()) AddOption(provider->name, option, &(*properties)[name]);
        }
      }
    }
  }

  static void AddOption(const std::string& provider, const providers::ProviderOption& option,
                        Json* property) {
    if (property->contains("description")) {
      std::string text = (*property)["description"];
      text.replace(text.size() - 1, 1, " and " + provider + ".");
      (*property)["description"] = text;
      return;
    }
    *property = {{"description", "An option of " + provider + "."}};
    (*property)["type"] = option.is_json ? Json({"object", "string"}) : Json("string");
  }

  Json Member(const FieldDescriptor& field) {
    Json schema = Described(field.full_name());
    if (IsFreeObject(field)) {
      schema["type"] = "object";
      schema["additionalProperties"] = Value(EntryValue(field));
    } else if (field.is_repeated()) {
      schema["type"] = "array";
      schema["items"] = Value(field);
    } else {
      schema.update(Value(field));
    }
    for (const Rule& rule : rules_) {
      if (field.full_name() == "portolan." + std::string(rule.field)) schema[rule.keyword] = rule.value;
    }
    return schema;
  }

  Json Value(const FieldDescriptor& field) {
    if (IsRawJson(field)) return Json::object();  // anything
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return {{"type", "boolean"}};
      case FieldDescriptor::CPPTYPE_STRING:
        return {{"type", "string"}};
      case FieldDescriptor::CPPTYPE_ENUM:
        return Enumeration(*field.enum_type());
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Reference(*field.message_type());
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT:
        return {{"type", "number"}};
      default:
        return {{"type", "integer"}};
    }
  }

  static Json Enumeration(const google::protobuf::EnumDescriptor& type) {
    Json values = Json::array();
    for (int i = 0; i < type.value_count(); ++i) {
      const std::string& spelling = type.value(i)->options().GetExtension(options::v1::spelling);
      if (!spelling.empty()) values.push_back(spelling);
    }
    return {{"enum", std::move(values)}};
  }

  Json Reference(const Descriptor& type) {
    if (!IsUnion(type)) {
      wanted_.insert(&type);
      return {{"$ref", "#/$defs/" + type.name()}};
    }
    Json arms = Json::array();
    for (int i = 0; i < type.field_count(); ++i) arms.push_back(Value(*type.field(i)));
    return {{"anyOf", std::move(arms)}};
  }

  Json Described(const std::string& name) const {
    const auto found = comments_.find(name);
    return found == comments_.end() ? Json::object() : Json{{"description", found->second}};
  }

  const std::map<std::string, std::string> comments_ = ProtoComments();
  const std::vector<Rule> rules_ = Rules();
  std::set<const Descriptor*, ByName> wanted_;
};

}  // namespace

std::string ConfigJsonSchema() {
  return SchemaWriter().Document(*v1::GatewayConfig::descriptor()).dump(2) + "\n";
}

}  // namespace portolan::config
