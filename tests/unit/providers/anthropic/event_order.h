#pragma once

// What Anthropic's SDKs make of a stream's events, and what they demand of their order. Written from the
// accumulation of @anthropic-ai/sdk 1.14 (lib/MessageStream.mjs, core/streaming.mjs) and the streaming
// documentation; uses nothing of the code under test.

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace portolan::providers::anthropic {

class EventOrder {
 public:
  void Take(const nlohmann::json& event);
  void End();

  // What was wrong; empty if nothing was.
  const std::string& wrong() const { return wrong_; }
  // The message, as it would have been without streaming.
  const nlohmann::json& message() const { return message_; }

 private:
  void Expect(bool good, const std::string& what);
  void OnStart(const nlohmann::json& event);
  void OnBlockStart(const nlohmann::json& event);
  void OnBlockDelta(const nlohmann::json& event);
  void OnBlockStop(const nlohmann::json& event);
  void OnMessageDelta(const nlohmann::json& event);

  nlohmann::json message_;
  std::string input_;  // of the open block
  std::string wrong_;
  bool open_ = false;
  bool reason_given_ = false;
  bool stopped_ = false;
};

}  // namespace portolan::providers::anthropic
