#pragma once

// What checks look at: every text that a request or an answer says, and where it stands, so that it can be
// changed.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "server/guardrails/check.h"

namespace anthropic::v1 {
class MessageContent;
class MessagesRequest;
class MessagesResponse;
}  // namespace anthropic::v1

namespace portolan::guardrails {

// One text within a message.
struct Piece {
  std::string* text;
  std::string_view role;  // of its message; empty where there are no roles
  bool is_json = false;   // changed value by value, so that it stays JSON: arguments of a call
  bool is_last = false;   // of the last message
};

// What a check that demands looks at.
struct Demanded {
  std::string text;
  bool calls_only = false;  // a choice that only calls tools: demands do not apply
};

// The texts of one message. It points into the message, which must outlive it; nobody else may change that.
class View {
 public:
  // A request, where a prefix may be added too.
  explicit View(v1::ChatCompletionRequest* request);
  explicit View(v1::CompletionRequest* request);
  explicit View(v1::EmbeddingRequest* request);
  explicit View(v1::RerankRequest* request);
  // What tools answered counts as said in the role `tool`, as in the requests above.
  explicit View(::anthropic::v1::MessagesRequest* request);
  // An answer.
  explicit View(v1::ChatCompletion* answer);
  explicit View(v1::Completion* answer);
  explicit View(v1::RerankResponse* answer);
  explicit View(::anthropic::v1::MessagesResponse* answer);
  // A text alone, as the last message of a user.
  explicit View(std::string* text);
  // A whole body of JSON that is of none of these kinds, as one text.
  static View OfJson(std::string* body);

  const std::vector<Piece>& pieces() const { return pieces_; }
  // As the texts are now.
  std::vector<Demanded> WhatIsDemandedOf() const;
  // Whether there is text that cannot be read: token ids.
  bool has_tokens() const { return has_tokens_; }

  // Puts a prefix before a request. False if there was nothing to change: an answer, or embeddings, have no
  // place for one.
  bool Add(const Prefix& prefix);

 private:
  // Texts that belong to one demand.
  struct Group {
    std::vector<const std::string*> texts;
    bool has_calls = false;
    std::string_view between = "\n";  // what stands between the texts
  };

  View() = default;

  void AddMessage(v1::Message* message, bool is_last, Group* group);
  void AddContent(v1::Content* content, std::string_view role, bool is_last, Group* group);
  void AddCalls(v1::Message* message, bool is_last, Group* group);
  void AddBlock(v1::ContentBlock* block, std::string_view role, bool is_last, int depth);
  void AddInput(v1::TextInput* input);
  void AddSource(v1::MediaSource* source, std::string_view role, bool is_last, int depth);
  void AddContent(v1::BlockContent* content, std::string_view role, bool is_last, int depth);
  void AddDocument(v1::RerankDocument* document, Group* group);
  void AddPiece(std::string* text, std::string_view role, bool is_last, bool is_json = false);
  void ReadChat(v1::ChatCompletionRequest* request);
  void ReadMessages(::anthropic::v1::MessagesRequest* request);
  void AddContent(::anthropic::v1::MessageContent* content, std::string_view role, bool is_last,
                  Group* group);
  bool AddToChat(const Prefix& prefix);
  bool AddToMessages(const Prefix& prefix);
  bool AddToPrompt(const Prefix& prefix);

  std::vector<Piece> pieces_;
  std::vector<Group> groups_;
  v1::ChatCompletionRequest* chat_ = nullptr;
  v1::CompletionRequest* completion_ = nullptr;
  ::anthropic::v1::MessagesRequest* messages_ = nullptr;
  bool has_tokens_ = false;
};

// Changes a piece. Of JSON each string that is a value is changed, and a number, true, false or null that
// changes becomes a string; of what is no JSON, the text. False if there was nothing to change.
bool ChangePiece(const Piece& piece, const std::function<bool(std::string*)>& change);

}  // namespace portolan::guardrails
