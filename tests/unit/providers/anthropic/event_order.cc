#include "tests/unit/providers/anthropic/event_order.h"

namespace portolan::providers::anthropic {
namespace {

using nlohmann::json;

// The pieces that a block of a type takes; any for those that come whole.
const std::map<std::string, std::string> kBlockOf = {{"text_delta", "text"},
                                                     {"citations_delta", "text"},
                                                     {"thinking_delta", "thinking"},
                                                     {"signature_delta", "thinking"}};

}  // namespace

void EventOrder::Expect(bool good, const std::string& what) {
  if (!good) wrong_ += what + "; ";
}

void EventOrder::Take(const json& event) {
  const std::string type = event.at("type");
  Expect(!stopped_, type + " after message_stop");
  Expect((type == "message_start") == message_.is_null(), type + " out of place");
  if (type == "message_start") return OnStart(event);
  if (message_.is_null()) return;
  if (type == "content_block_start") return OnBlockStart(event);
  if (type == "content_block_delta") return OnBlockDelta(event);
  if (type == "content_block_stop") return OnBlockStop(event);
  if (type == "message_delta") return OnMessageDelta(event);
  Expect(type == "message_stop", "an unknown event " + type);
  Expect(reason_given_, "message_stop before message_delta");
  stopped_ = true;
}

void EventOrder::End() { Expect(stopped_, "no message_stop"); }

void EventOrder::OnStart(const json& event) {
  message_ = event.at("message");
  Expect(message_.at("content") == json::array(), "message_start with content");
  Expect(message_.at("stop_reason").is_null(), "message_start with a stop reason");
  Expect(message_.at("usage").at("input_tokens").is_number(), "message_start without usage");
}

void EventOrder::OnBlockStart(const json& event) {
  Expect(!open_ && !reason_given_, "a block begins inside another, or after the end");
  Expect(event.at("index") == message_["content"].size(), "blocks are not counted 0, 1, 2");
  open_ = true;
  input_.clear();
  message_["content"].push_back(event.at("content_block"));
}

void EventOrder::OnBlockDelta(const json& event) {
  Expect(open_ && event.at("index") == message_["content"].size() - 1, "a piece of a block that is not open");
  if (message_["content"].empty()) return;
  json& block = message_["content"].back();
  const json& delta = event.at("delta");
  const std::string type = delta.at("type");
  if (type == "input_json_delta") {
    Expect(block.at("type").get<std::string>().ends_with("tool_use"), "arguments of what is no call");
    input_ += delta.at("partial_json").get<std::string>();
    return;
  }
  Expect(kBlockOf.contains(type) && block.at("type") == kBlockOf.at(type), type + " in another block");
  if (type == "text_delta")
    block["text"] = block.at("text").get<std::string>() + delta.at("text").get<std::string>();
  if (type == "thinking_delta") {
    block["thinking"] = block.at("thinking").get<std::string>() + delta.at("thinking").get<std::string>();
  }
  if (type == "signature_delta") block["signature"] = delta.at("signature");
  if (type == "citations_delta") {
    if (block.value("citations", json()).is_null()) block["citations"] = json::array();
    block["citations"].push_back(delta.at("citation"));
  }
}

void EventOrder::OnBlockStop(const json& event) {
  Expect(open_ && event.at("index") == message_["content"].size() - 1, "a block stops that is not open");
  open_ = false;
  if (message_["content"].empty()) return;
  json& block = message_["content"].back();
  // A block of text without text is refused when the message is sent back.
  Expect(block.at("type") != "text" || block.at("text") != "", "an empty text");
  if (input_.empty()) return;
  const json input = json::parse(input_, nullptr, /*allow_exceptions=*/false);
  Expect(input.is_object(), "the input of a call is no object: " + input_);
  block["input"] = input;
}

void EventOrder::OnMessageDelta(const json& event) {
  Expect(!open_, "message_delta inside a block");
  Expect(!reason_given_, "message_delta twice");
  reason_given_ = true;
  const json& delta = event.at("delta");
  Expect(delta.at("stop_reason").is_string(), "no stop reason");
  for (const char* name : {"stop_reason", "stop_sequence", "stop_details"})
    message_[name] = delta.value(name, json());
  if (!delta.value("container", json()).is_null()) message_["container"] = delta["container"];
  const json& usage = event.at("usage");
  message_["usage"]["output_tokens"] = usage.at("output_tokens");
  for (const char* name : {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens",
                           "server_tool_use", "output_tokens_details"}) {
    if (!usage.value(name, json()).is_null()) message_["usage"][name] = usage[name];
  }
}

}  // namespace portolan::providers::anthropic
