#pragma once

// What guardrails look at, as webhooks are told of it. Internal to core/.

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "server/codec/codec.h"
#include "server/guardrails/guardrail_run.h"

namespace portolan::core {

// A message of a type that has a view (guardrails::ViewOf). What it points to must outlive it.
class MessageBody final : public guardrails::Body {
 public:
  // `strictness`: with which what takes its place is read, as it would be if it had come so.
  MessageBody(const codec::MessagePlan& plan, codec::Strictness strictness,
              google::protobuf::Message* message)
      : plan_(plan), strictness_(strictness), message_(*message) {}

  std::string Json() const override;
  bool Replace(std::string_view json, guardrails::View* view) override;

 private:
  const codec::MessagePlan& plan_;
  const codec::Strictness strictness_;
  google::protobuf::Message& message_;
};

// A body that is one text, JSON or not, which must outlive it.
class TextBody final : public guardrails::Body {
 public:
  TextBody(std::string* text, bool is_json) : text_(*text), is_json_(is_json) {}

  std::string Json() const override;
  bool Replace(std::string_view json, guardrails::View* view) override;

 private:
  std::string& text_;
  const bool is_json_;
};

}  // namespace portolan::core
