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
#include "server/guardrails/check.h"

namespace portolan::guardrails {

// One text within a message.
struct Piece {
  std::string* text;
  std::string_view role;  // of its message; empty where there are no roles
  bool is_json = false;   // arguments of a call: they are changed value by value, so that they stay JSON
  bool is_last = false;   // of the last message
};

// What a check that demands looks at.
struct Demanded {
  std::string text;
  bool calls_only = false;  // a choice that calls tools and says nothing: there is nothing to demand of
};

// The texts of one message. It points into the message, which must outlive it; nobody else may change that.
class View {
 public:
  // A request, where a prefix may be added too.
  explicit View(v1::ChatCompletionRequest* request);
  explicit View(v1::CompletionRequest* request);
  explicit View(v1::EmbeddingRequest* request);
  // An answer.
  explicit View(v1::ChatCompletion* answer);
  explicit View(v1::Completion* answer);
  // A text alone, as the last message of a user.
  explicit View(std::string* text);

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
  };

  void AddMessage(v1::Message* message, bool is_last, Group* group);
  void AddContent(v1::Content* content, std::string_view role, bool is_last, Group* group);
  void AddCalls(v1::Message* message, bool is_last, Group* group);
  void AddBlock(v1::ContentBlock* block, std::string_view role, bool is_last, int depth);
  void AddInput(v1::TextInput* input);
  void AddPiece(std::string* text, std::string_view role, bool is_last, bool is_json = false);
  void ReadChat(v1::ChatCompletionRequest* request);

  std::vector<Piece> pieces_;
  std::vector<Group> groups_;
  v1::ChatCompletionRequest* chat_ = nullptr;
  v1::CompletionRequest* completion_ = nullptr;
  bool has_tokens_ = false;
};

// What a piece says: its text, and of JSON with escapes also each string as it is meant, a line each.
std::string Spoken(const Piece& piece);

// Changes a piece. Of JSON each string that is a value is changed, and a number, true, false or null that
// changes becomes a string; of what is no JSON, the text. False if there was nothing to change.
bool ChangePiece(const Piece& piece, const std::function<bool(std::string*)>& change);

}  // namespace portolan::guardrails
