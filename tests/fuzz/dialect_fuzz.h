#pragma once

// What the fuzzers of dialects have in common: messages are read from JSON and written as JSON, and a broken
// property ends the program.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"
#include "providers/mapping.h"
#include "server/codec/codec.h"
#include "server/codec/json_reader.h"

namespace portolan::fuzz {

inline void Check(bool good) {
  if (!good) std::abort();
}

inline bool IsObject(std::string_view json) {
  return codec::JsonReader(json).Peek() == codec::JsonType::kObject;
}

class JsonMessages {
 public:
  // Of these types, and of what they hold.
  explicit JsonMessages(std::span<const google::protobuf::Descriptor* const> roots, int max_depth = 256)
      : max_depth_(max_depth) {
    auto compiled = codec::Codec::Compile(roots);
    Check(compiled.ok());
    codec_ = *std::move(compiled);
  }

  // False if the text is no such message.
  bool Decode(std::string_view text, codec::Strictness strictness, google::protobuf::Message* out) const {
    codec::DecodeError problem;
    return codec::Decode(*codec_->Find(out->GetDescriptor()), text, {.strictness = strictness}, out,
                         &problem);
  }

  // What comes of a message is JSON.
  void CheckEncodes(const google::protobuf::Message& message, codec::Strictness strictness,
                    const codec::EncodeOptions& options = {.composed = true}) const {
    const codec::MessagePlan& plan = *codec_->Find(message.GetDescriptor());
    codec::DecodeError problem;
    const bool good =
        codec::CheckVerbatim(plan, message, {.strictness = strictness, .max_depth = max_depth_}, &problem);
    if (!good) std::fprintf(stderr, "%s\n", problem.ToString().c_str());
    Check(good);
    std::string text;
    codec::Encode(plan, message, options, &text);
    Check(codec::IsJson(text, max_depth_));
  }

 private:
  const int max_depth_;
  std::unique_ptr<codec::Codec> codec_;
};

// Keeps the hub's chunks.
class Chunks final : public providers::MessageSink {
 public:
  google::protobuf::Message* Add() override {
    chunks.push_back(std::make_unique<v1::ChatCompletionChunk>());
    return chunks.back().get();
  }
  std::vector<std::unique_ptr<v1::ChatCompletionChunk>> chunks;
};

}  // namespace portolan::fuzz
