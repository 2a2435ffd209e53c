#include "server/routing/leaf_config.h"

#include <algorithm>
#include <array>

#include "server/codec/json_reader.h"
#include "server/routing/timeout.h"

namespace portolan::routing {
namespace {

using codec::JsonReader;
using codec::JsonType;

constexpr int kMaxDepth = 32;

// Members of Portkey's config object that are accepted and named in x-portolan-ignored.
constexpr std::array<std::string_view, 18> kWithoutEffect = {"after_request_hooks",
                                                             "before_request_hooks",
                                                             "cache",
                                                             "cb_config",
                                                             "default_input_guardrails",
                                                             "default_output_guardrails",
                                                             "forward_headers",
                                                             "id",
                                                             "input_guardrails",
                                                             "input_mutators",
                                                             "metadata",
                                                             "name",
                                                             "on_status_codes",
                                                             "output_guardrails",
                                                             "output_mutators",
                                                             "retry",
                                                             "virtual_key",
                                                             "weight"};

class Parser {
 public:
  Parser(std::string_view json, LeafConfig* out) : reader_(json, kMaxDepth), out_(out) {}

  std::optional<Error> Run() {
    ReadNode("", /*nested=*/false);
    if (!error_ && !reader_.AtEnd()) Fail("", std::string("not a JSON text: ") + reader_.problem());
    return std::move(error_);
  }

 private:
  bool Fail(const std::string& path, std::string problem) {
    if (!error_) {
      error_ = Error::InvalidRequest("invalid_config",
                                     "config" + (path.empty() ? "" : "." + path) + ": " + problem,
                                     "x-portolan-config");
    }
    return false;
  }

  bool Expect(JsonType type, const std::string& path) {
    const JsonType found = reader_.Peek();
    if (found == type) return true;
    if (found == JsonType::kInvalid) return Fail(path, "not a JSON text; send the config as JSON");
    return Fail(path, "expected " + std::string(Describe(type)) + ", got " + std::string(Describe(found)));
  }

  void ReadNode(const std::string& path, bool nested) {
    if (!Expect(JsonType::kObject, path)) return;
    reader_.EnterObject();
    std::string scratch;
    std::string_view name;
    while (!error_ && reader_.NextMember(&name, &scratch)) {
      const std::string member(name);
      ReadMember(member, path.empty() ? member : path + "." + member, nested);
    }
  }

  void ReadMember(const std::string& name, const std::string& path, bool nested) {
    if (name == "provider") {
      ReadString(path, &out_->provider);
    } else if (name == "api_key") {
      ReadString(path, &out_->api_key);
    } else if (name == "custom_host") {
      ReadString(path, &out_->custom_host);
    } else if (name == "request_timeout") {
      ReadTimeout(path);
    } else if (name == "strict_open_ai_compliance") {
      bool value = false;
      if (Expect(JsonType::kBool, path) && reader_.ReadBool(&value)) out_->strict_open_ai_compliance = value;
    } else if (name == "override_params") {
      ReadOverrides(path);
    } else if (name == "targets" && !nested) {
      ReadTargets(path);
    } else if (name == "strategy" && !nested) {
      ReadStrategy(path);
    } else if (std::binary_search(kWithoutEffect.begin(), kWithoutEffect.end(), std::string_view(name))) {
      out_->ignored.push_back(path);
      reader_.Skip();
    } else if (reader_.Peek() == JsonType::kString) {
      std::string value;
      ReadString(path, &value);
      out_->options.emplace_back(name, std::move(value));
    } else {
      Fail(path, "is not a member of a config");
    }
  }

  void ReadString(const std::string& path, std::string* out) {
    std::string scratch;
    std::string_view value;
    if (Expect(JsonType::kString, path) && reader_.ReadString(&value, &scratch)) *out = value;
  }

  void ReadTimeout(const std::string& path) {
    std::string_view text;
    if (!Expect(JsonType::kNumber, path) || !reader_.ReadNumber(&text)) return;
    if (text == "0") return;  // none, as in Portkey
    out_->request_timeout = ParseTimeoutMs(text);
    if (!out_->request_timeout) Fail(path, "must be a whole number of milliseconds, at most a year");
  }

  void ReadOverrides(const std::string& path) {
    if (!Expect(JsonType::kObject, path)) return;
    reader_.EnterObject();
    std::string scratch;
    std::string_view name;
    while (!error_ && reader_.NextMember(&name, &scratch)) {
      codec::Edit edit{codec::Edit::Kind::kSet, std::string(name), {}};
      std::string_view raw;
      if (!reader_.Skip(&raw, /*reject_duplicate_keys=*/true)) return;
      edit.json = raw;
      out_->override_params.push_back(std::move(edit));
    }
  }

  void ReadTargets(const std::string& path) {
    if (!Expect(JsonType::kArray, path)) return;
    reader_.EnterArray();
    int count = 0;
    while (!error_ && reader_.NextElement()) {
      if (count++ > 0) {
        Fail(path, "must hold exactly one target");
        return;
      }
      out_->index = "config.targets[0]";
      ReadNode(path + "[0]", /*nested=*/true);
    }
    if (!error_ && count == 0) Fail(path, "must hold exactly one target");
  }

  void ReadStrategy(const std::string& path) {
    if (!Expect(JsonType::kObject, path)) return;
    reader_.EnterObject();
    std::string scratch;
    std::string_view name;
    while (!error_ && reader_.NextMember(&name, &scratch)) {
      if (name != "mode") {
        reader_.Skip();
        continue;
      }
      std::string mode;
      ReadString(path + ".mode", &mode);
      constexpr std::array<std::string_view, 3> kModes = {"single", "fallback", "loadbalance"};
      if (!error_ && std::find(kModes.begin(), kModes.end(), mode) == kModes.end()) {
        Fail(path + ".mode", "must be single, fallback or loadbalance");
      }
    }
  }

  JsonReader reader_;
  LeafConfig* out_;
  std::optional<Error> error_;
};

}  // namespace

std::optional<Error> ParseLeafConfig(std::string_view json, LeafConfig* out) {
  if (json.starts_with("[object ")) {
    return Error::InvalidRequest(
        "invalid_config",
        "config: the header holds the text of a JavaScript object; send JSON.stringify(config)",
        "x-portolan-config");
  }
  return Parser(json, out).Run();
}

}  // namespace portolan::routing
