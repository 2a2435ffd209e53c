#include "server/config_file/print.h"

#include <array>

#include "google/protobuf/message.h"
#include "providers/registry.h"
#include "server/codec/codec.h"
#include "server/config/flags.h"
#include "server/config/values.h"
#include "server/config_file/proto_shape.h"

namespace portolan::config {
namespace {

using google::protobuf::Message;

// Sets the member at `path` to what `text` says, unless it is there.
void SetDefault(std::string_view path, const std::string& text, Message* message) {
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  const size_t dot = path.find('.');
  const FieldDescriptor* const field = FindMember(*message->GetDescriptor(), path.substr(0, dot));
  if (dot != std::string_view::npos) {
    SetDefault(path.substr(dot + 1), text, reflection.MutableMessage(message, field));
  } else if (!reflection.HasField(*message, field)) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      reflection.SetBool(message, field, text == "true");
    } else {
      reflection.SetString(message, field, text);
    }
  }
}

void SetDefaults(v1::GatewayConfig* config) {
  for (const Setting& setting : Settings()) {
    ServeOptions ignored;
    std::string problem;
    // A default that is not a value (`one a core`) is determined when the gateway starts.
    const bool is_value =
        !setting.default_text.empty() && setting.apply(setting.default_text, &ignored, &problem);
    if (is_value && !setting.path.empty())
      SetDefault(setting.path, std::string(setting.default_text), config);
  }
  const auto built_in = providers::Registry::BuiltIn();
  for (v1::ProviderEntry& entry : *config->mutable_providers()) {
    if (built_in->Find(entry.key()) == nullptr && !entry.value().has_dialect())
      entry.mutable_value()->set_dialect("openai");
  }
}

// A member written as null or empty says nothing, and may have the name of one with a default.
void DropNulls(v1::GatewayConfig* config) {
  config->clear_extra();
  config->mutable_listen()->clear_extra();
  config->mutable_tls()->clear_extra();
  config->mutable_callers()->clear_extra();
  config->mutable_limits()->clear_extra();
  config->mutable_timeouts()->clear_extra();
  config->mutable_upstream()->clear_extra();
  for (v1::CallerKey& key : *config->mutable_callers()->mutable_keys()) key.clear_extra();
  for (v1::ProviderEntry& entry : *config->mutable_providers()) {
    entry.mutable_value()->clear_extra();
    if (entry.value().has_auth()) entry.mutable_value()->mutable_auth()->clear_extra();
  }
}

// A hosted service's key may be written out: it has no effect here.
void HideKeys(::portolan::v1::RouteConfig* route) {
  if (route->has_virtual_key()) route->set_virtual_key("\"hidden\"");
  for (::portolan::v1::RouteConfig& target : *route->mutable_targets()) HideKeys(&target);
}

}  // namespace

std::string EffectiveJson(const ConfigFile& file) {
  v1::GatewayConfig config = file.message();
  DropNulls(&config);
  SetDefaults(&config);
  for (v1::RouteEntry& entry : *config.mutable_routes()) HideKeys(entry.mutable_value());
  const Descriptor* const type = v1::GatewayConfig::descriptor();
  const std::array<const Descriptor*, 1> roots = {type};
  const auto codec = codec::Codec::Compile(roots);
  std::string json;
  if (codec.ok()) codec::Encode(*(*codec)->Find(type), config, {}, &json);
  return json;
}

}  // namespace portolan::config
