#include "server/core/chain_sink.h"

#include <utility>

#include "server/base/json_text.h"
#include "server/base/text.h"
#include "server/core/chain_stream.h"

namespace portolan::core {

using middleware::Hook;

namespace {

// Of a relayed answer, which nothing else bounds.
constexpr size_t kMaxHeld = 64u << 20;

bool IsReadable(const ReplyHead& head) {
  for (const HeaderView header : head.headers) {
    if (header.name == "content-encoding" && header.value != "identity") return false;
  }
  return IsJsonMediaType(head.content_type) || StartsWithIgnoreCase(head.content_type, "text/");
}

Error TooLarge() {
  return {.http_status = 503,
          .code = "middleware_failed",
          .message = "the answer is too large to be held for middleware: more than 64 MB"};
}

bool IsGood(int status) { return status >= 200 && status < 300; }

}  // namespace

ChainSink::ChainSink(CallChain& chain) : chain_(chain) {}
ChainSink::~ChainSink() = default;

net::Task<Delivered> ChainSink::SendJson(ReplyHead head, std::span<const std::string_view> pieces) {
  status_ = head.status;
  if (!CallChain::Any(chain_.answer_links(), Hook::kResponse)) {
    return chain_.out().SendJson(std::move(head), pieces);
  }
  std::string text;
  for (const std::string_view piece : pieces) text.append(piece);
  ChainBody body(chain_.call().operation, BodyOf::kAnswer);
  body.KeepJson(std::move(text));
  return AskWhole(std::move(head), std::move(body));
}

net::Task<Delivered> ChainSink::SendMessage(ReplyHead head, std::string_view wire) {
  status_ = head.status;
  ChainBody body(chain_.call().operation, BodyOf::kAnswer);
  if (!CallChain::Any(chain_.answer_links(), Hook::kResponse) || !body.SetWire(wire)) {
    return chain_.out().SendMessage(std::move(head), wire);
  }
  return AskWhole(std::move(head), std::move(body));
}

net::Task<Delivered> ChainSink::SendError(ReplyHead head, const Error& error,
                                          std::string_view provider_body) {
  status_ = head.status;
  return chain_.out().SendError(std::move(head), error, provider_body);
}

net::Task<std::optional<Error>> ChainSink::AskAll(int status, ChainBody* body) {
  const std::span<const CallChain::Link> links = chain_.answer_links();
  for (size_t i = links.size(); i > 0; --i) {
    MiddlewareEntry& entry = *links[i - 1].entry;
    if (!entry.Wants(Hook::kResponse)) continue;
    if (entry.settings().async) {
      chain_.AskBeside(entry, Hook::kResponse, body, status);
      continue;
    }
    CallChain::Said said = co_await chain_.Ask(entry, Hook::kResponse, body, status);
    if (said.error) co_return std::move(said.error);
  }
  co_return std::nullopt;
}

net::Task<Delivered> ChainSink::AskWhole(ReplyHead head, ChainBody body) {
  std::optional<Error> error = co_await AskAll(head.status, &body);
  if (error) co_return co_await Refuse(*std::move(error));
  CallState& call = chain_.call();
  if (typed()) {
    const google::protobuf::Message* const message = body.Typed();
    const std::string wire = message == nullptr ? std::string() : message->SerializeAsString();
    call.outcome.reply_bytes = wire.size();
    co_return co_await chain_.out().SendMessage(std::move(head), wire);
  }
  const std::string_view text = body.Json();
  call.outcome.reply_bytes = text.size();
  co_return co_await chain_.out().SendJson(std::move(head), {&text, 1});
}

net::Task<Delivered> ChainSink::Refuse(Error error) {
  CallState& call = chain_.call();
  call.outcome.reply_bytes = 0;
  co_await ReplyError(call, std::move(error), nullptr, {});
  co_return call.outcome.status != 499;
}

net::Task<Delivered> ChainSink::StartStream(ReplyHead head) {
  status_ = head.status;
  const std::span<const CallChain::Link> links = chain_.answer_links();
  if (!CallChain::Any(links, Hook::kChunk) && !CallChain::Any(links, Hook::kResponse)) {
    return chain_.out().StartStream(std::move(head));
  }
  stream_ = std::make_shared<ChainStream>(chain_, std::move(head));
  stream_->Run();
  return Say(true);
}

net::Task<Delivered> ChainSink::WriteBytes(std::span<const std::string_view> pieces) {
  return stream_ == nullptr ? chain_.out().WriteBytes(pieces) : stream_->Write(pieces);
}

net::Task<Delivered> ChainSink::WriteMessages(std::span<const std::string_view> wires) {
  return stream_ == nullptr ? chain_.out().WriteMessages(wires) : stream_->Write(wires);
}

net::Task<Delivered> ChainSink::EndStream(const Error* error) {
  return stream_ == nullptr ? chain_.out().EndStream(error) : stream_->End(error);
}

net::Task<Delivered> ChainSink::StartRelay(ReplyHead head, std::optional<uint64_t> length) {
  status_ = head.status;
  if (!IsGood(head.status) || !CallChain::Any(chain_.answer_links(), Hook::kResponse)) {
    return chain_.out().StartRelay(std::move(head), length);
  }
  if (!IsReadable(head)) return StartUnread(std::move(head), length);
  held_head_.emplace(std::move(head));
  return Say(true);
}

// What cannot be read can be denied all the same.
net::Task<Delivered> ChainSink::StartUnread(ReplyHead head, std::optional<uint64_t> length) {
  std::optional<Error> error = co_await AskAll(head.status, nullptr);
  if (!error) co_return co_await chain_.out().StartRelay(std::move(head), length);
  co_return co_await Break(*std::move(error));
}

// Ends a relayed answer that has not begun to leave: its rest is not read.
net::Task<Delivered> ChainSink::Break(Error error) {
  refused_ = true;
  co_await Refuse(error);
  chain_.End(std::move(error));
  co_return false;
}

net::Task<Delivered> ChainSink::WriteRelay(std::string_view data) {
  if (refused_) return Say(false);
  if (!held_head_) return chain_.out().WriteRelay(data);
  held_.append(data);
  return held_.size() <= kMaxHeld ? Say(true) : Break(TooLarge());
}

net::Task<Delivered> ChainSink::EndRelay(const Error* error) {
  if (refused_) return Say(true);
  return held_head_ ? EndHeld(error) : chain_.out().EndRelay(error);
}

net::Task<Delivered> ChainSink::EndHeld(const Error* error) {
  ReplyHead head = *std::move(held_head_);
  held_head_.reset();
  refused_ = true;
  if (error != nullptr) co_return co_await Refuse(*error);
  ChainBody body(chain_.call().operation, BodyOf::kAnswer);
  body.SetJson(held_);
  std::optional<Error> denial = co_await AskAll(head.status, &body);
  if (denial) co_return co_await Refuse(*std::move(denial));
  refused_ = false;
  const std::string_view text = body.Json();
  chain_.call().outcome.reply_bytes = text.size();
  Delivered delivered = co_await chain_.out().StartRelay(std::move(head), text.size());
  if (delivered && !text.empty()) delivered = co_await chain_.out().WriteRelay(text);
  if (delivered) delivered = co_await chain_.out().EndRelay(nullptr);
  co_return delivered;
}

net::Task<void> ChainSink::Close() {
  if (stream_ != nullptr) co_await stream_->Close();
}

}  // namespace portolan::core
