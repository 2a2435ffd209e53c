// Drives every form of every dialect with JSON from outside: what providers answer, whole and streamed, what
// callers ask, and errors. The first line names the form and says how: `answer google embedding predict
// gemini-embedding-001 b`, with `-` for what there is none of. A stream's events stand one a line. Whatever
// comes in, what goes out is JSON and makes sense: an answer says what it is, a piece is of something that
// has begun and has not ended.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "portolan/v1/model.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "portolan/v1/token_count.pb.h"
#include "providers/catalog.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/openai/openai.h"
#include "providers/provider.h"
#include "providers/text_by_chat.h"
#include "server/base/text.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace api = portolan::v1;
namespace codec = portolan::codec;
using google::protobuf::Descriptor;
using google::protobuf::Message;
using portolan::fuzz::Check;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;
using portolan::providers::Dialect;
using portolan::providers::EventsToHub;
using portolan::providers::Form;

std::span<const Descriptor* const> Roots() {
  static const auto* const roots = [] {
    std::set<const Descriptor*> found;
    for (const Dialect* dialect : portolan::providers::BuiltInCatalog().dialects) {
      for (const Form& form : dialect->forms()) {
        for (const Message* message : {form.request, form.answer, form.event}) {
          if (message != nullptr) found.insert(message->GetDescriptor());
        }
      }
    }
    return new std::vector<const Descriptor*>(found.begin(), found.end());
  }();
  return *roots;
}

const JsonMessages& TheCodec() {
  static const auto* const messages = new JsonMessages(Roots());
  return *messages;
}

// What the first line says.
struct Asked {
  std::string_view what;  // `answer`, `stream`, `request`, `asked`, `error`
  const Dialect* dialect = nullptr;
  std::shared_ptr<const Form> own;  // `form`, if no dialect has it
  const Form* form = nullptr;
  const Form* hub = nullptr;
  CallFacts facts;
  bool foreign = false;  // the request is of a caller of another dialect
};

// `text_by_chat`: text completion by the dialect's chat.
void FindForms(std::string_view operation, std::string_view style, Asked* asked) {
  namespace operations = portolan::providers::operation;
  const bool by_chat = operation == "text_by_chat";
  asked->form = asked->dialect->Find(by_chat ? operations::kChat : operation, style);
  asked->hub = portolan::providers::OpenAiDialect().Find(by_chat ? operations::kCompletion : operation);
  if (!by_chat || asked->form == nullptr) return;
  asked->own = portolan::providers::TextByChat(*asked->form, asked->dialect->is_hub());
  asked->form = asked->own.get();
}

bool ReadHead(std::string_view line, Asked* asked) {
  // What a model is called came as text.
  if (!std::all_of(line.begin(), line.end(), [](char c) { return c == ' ' || portolan::IsVisible(c); })) {
    return false;
  }
  std::array<std::string_view, 6> words;
  for (std::string_view& word : words) {
    const size_t end = std::min(line.find(' '), line.size());
    word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    if (word == "-") word = {};
  }
  const auto& [what, dialect, operation, style, model, flags] = words;
  const auto has = [&](char flag) { return words.back().find(flag) != std::string_view::npos; };
  for (const Dialect* one : portolan::providers::BuiltInCatalog().dialects) {
    if (one->name() == dialect) asked->dialect = one;
  }
  if (asked->dialect == nullptr) return false;
  FindForms(operation, style, asked);
  if (asked->form == nullptr || asked->form->mapping == nullptr || asked->hub == nullptr) return false;
  asked->what = what;
  asked->foreign = has('f');
  asked->facts.operation = asked->form->operation;
  asked->facts.model = model;
  asked->facts.stream = what == "stream";
  asked->facts.include_usage = has('u');
  asked->facts.content_blocks = has('c');
  asked->facts.base64 = has('b');
  asked->facts.input_tokens = has('t') ? 7 : -1;
  asked->facts.unix_seconds = 1'800'000'000;
  return true;
}

// Of the API's own shapes: what their readers rely on.
void CheckSense(const api::EmbeddingResponse& answer) {
  Check(answer.object() == "list" && answer.data_size() > 0);
  for (int i = 0; i < answer.data_size(); ++i) {
    Check(answer.data(i).object() == "embedding" && answer.data(i).index() == i);
  }
  Check(!answer.has_usage() || answer.usage().total_tokens() >= answer.usage().prompt_tokens());
  Check(answer.usage().prompt_tokens() >= 0);
}

// Vectors may be wanted in the other encoding than they came in.
void CheckOtherForm(const api::EmbeddingResponse& answer) {
  api::EmbeddingResponse other = answer;
  portolan::providers::WriteInBase64(&other);
  TheCodec().CheckEncodes(other, codec::Strictness::kResponse);
  portolan::providers::WriteAsNumbers(/*dimensions=*/0, &other);
  TheCodec().CheckEncodes(other, codec::Strictness::kResponse);
}

void CheckSense(const api::Model& model) { Check(model.object() == "model" && model.has_owned_by()); }

void CheckSense(const api::ModelList& list) {
  Check(list.object() == "list");
  for (const api::Model& model : list.data()) CheckSense(model);
}

void CheckSense(const api::TokenCount& count) {
  Check(count.object() == "token_count" && count.has_input_tokens() && count.has_model());
}

void CheckSense(const api::RerankResponse& answer) { Check(answer.has_model()); }

void CheckSense(const api::ChatCompletion& answer, const Dialect& dialect) {
  Check(answer.choices_size() > 0);
  if (dialect.is_hub()) return;
  Check(answer.has_id() && answer.object() == "chat.completion");
  const api::Usage& usage = answer.usage();
  Check(usage.prompt_tokens() >= 0 && usage.completion_tokens() >= 0);
  for (const api::ChatChoice& choice : answer.choices()) {
    for (const api::ToolCall& call : choice.message().tool_calls()) {
      Check(!call.has_function() || portolan::codec::IsJson(call.function().arguments()));
    }
  }
}

void CheckAnswer(const Message& hub, const Dialect& dialect) {
  TheCodec().CheckEncodes(hub, codec::Strictness::kResponse);
  if (const auto* one = dynamic_cast<const api::EmbeddingResponse*>(&hub)) {
    CheckSense(*one);
    CheckOtherForm(*one);
  }
  if (const auto* one = dynamic_cast<const api::Model*>(&hub)) CheckSense(*one);
  if (const auto* one = dynamic_cast<const api::ModelList*>(&hub)) CheckSense(*one);
  if (const auto* one = dynamic_cast<const api::TokenCount*>(&hub)) CheckSense(*one);
  if (const auto* one = dynamic_cast<const api::RerankResponse*>(&hub)) CheckSense(*one);
  if (const auto* one = dynamic_cast<const api::ChatCompletion*>(&hub)) CheckSense(*one, dialect);
}

void CheckError(const portolan::Error& error) {
  Check(error.http_status >= 400 && !error.code.empty() && !error.message.empty());
}

// And again, as a caller of this dialect has it.
void Answer(const Asked& asked, std::string_view text) {
  const std::unique_ptr<Message> wire(asked.form->answer->New());
  const std::unique_ptr<Message> hub(asked.hub->answer->New());
  if (!TheCodec().Decode(text, codec::Strictness::kResponse, wire.get())) return;
  const portolan::providers::Mapping& mapping = *asked.form->mapping;
  if (const auto error = mapping.AnswerToHub(*wire, asked.facts, hub.get())) return CheckError(*error);
  CheckAnswer(*hub, *asked.dialect);
  if (!mapping.serves_callers()) return;
  const std::unique_ptr<Message> again(asked.form->answer->New());
  mapping.AnswerToWire(*hub, asked.facts, again.get());
  TheCodec().CheckEncodes(*again, codec::Strictness::kResponse);
}

class HubEvents final : public portolan::providers::MessageSink {
 public:
  explicit HubEvents(const Message& prototype) : prototype_(prototype) {}
  Message* Add() override { return all.emplace_back(prototype_.New()).get(); }
  std::vector<std::unique_ptr<Message>> all;

 private:
  const Message& prototype_;
};

class WireEvents final : public portolan::providers::EventSink {
 public:
  explicit WireEvents(const Message& prototype) : prototype_(prototype) {}
  Message* Add(std::string_view /*name*/) override { return all.emplace_back(prototype_.New()).get(); }
  std::vector<std::unique_ptr<Message>> all;

 private:
  const Message& prototype_;
};

// One choice of a chat's stream.
class ChoiceSoFar {
 public:
  void Take(const api::ChatChunkChoice& choice, const Dialect& dialect) {
    roles_ += choice.delta().has_role();
    finishes_ += choice.has_finish_reason();
    if (dialect.is_hub() || dialect.name() == "watsonx") return;  // passed on as it is
    Check(roles_ <= 1 && finishes_ <= 1);
    if (dialect.name() == "anthropic") return;  // which numbers blocks itself
    for (const api::ContentBlockDelta& step : choice.delta().content_blocks()) TakeStep(step);
  }
  bool finished() const { return finishes_ > 0; }

 private:
  void TakeStep(const api::ContentBlockDelta& step) {
    if (step.has_content_block()) Check(open_.emplace(step.index(), true).second);
    const auto block = open_.find(step.index());
    Check(block != open_.end() && block->second);
    if (step.stop()) block->second = false;
  }

  int roles_ = 0;
  int finishes_ = 0;
  std::map<int32_t, bool> open_;  // blocks, by their index
};

// Whether each choice has said why it ends.
bool CheckEvents(const HubEvents& events, const Asked& asked) {
  std::map<int32_t, ChoiceSoFar> choices;
  std::map<int32_t, int> texts_ended;
  for (const auto& event : events.all) {
    TheCodec().CheckEncodes(*event, codec::Strictness::kResponse);
    if (const auto* text = dynamic_cast<const api::Completion*>(event.get())) {
      for (const auto& choice : text->choices()) texts_ended[choice.index()] += choice.has_finish_reason();
    }
    const auto* chunk = dynamic_cast<const api::ChatCompletionChunk*>(event.get());
    if (chunk == nullptr) continue;
    for (const auto& choice : chunk->choices()) choices[choice.index()].Take(choice, *asked.dialect);
  }
  for (const auto& [index, times] : texts_ended) Check(times <= 1);
  bool finished = !choices.empty();
  for (const auto& [index, choice] : choices) finished = finished && choice.finished();
  return finished;
}

// As a caller of this dialect has it.
void TellCaller(const Asked& asked, const HubEvents& events) {
  const auto writer = asked.form->mapping->WriteEvents(asked.facts);
  if (writer == nullptr) return;
  WireEvents told(*asked.form->event);
  for (const auto& event : events.all) writer->OnChunk(*event, told);
  writer->OnEnd(told);
  for (const auto& event : told.all) TheCodec().CheckEncodes(*event, codec::Strictness::kResponse);
}

void Stream(const Asked& asked, std::string_view text) {
  const auto reader = asked.form->mapping->ReadEvents(asked.facts);
  if (reader == nullptr || asked.form->event == nullptr) return;
  HubEvents events(*asked.hub->event);
  EventsToHub::State state = EventsToHub::State::kMore;
  bool failed = false;
  while (!text.empty() && state != EventsToHub::State::kDone && !failed) {
    const size_t end = text.find('\n');
    const std::unique_ptr<Message> event(asked.form->event->New());
    if (TheCodec().Decode(text.substr(0, end), codec::Strictness::kResponse, event.get())) {
      const auto error = reader->OnEvent(*event, events, &state);
      if (error) CheckError(*error);
      failed = error.has_value();
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  const auto missing = failed ? std::nullopt : reader->OnEnd(events);
  if (missing) CheckError(*missing);
  const bool finished = CheckEvents(events, asked);
  // Of the others it is the core that counts whether every choice has ended.
  if (!asked.dialect->is_hub() && asked.own == nullptr &&
      asked.form->operation == portolan::providers::operation::kChat) {
    // Anthropic's last event is an end with a reason or without.
    const bool ended = state == EventsToHub::State::kDone && asked.dialect->name() == "anthropic";
    Check(failed || missing || finished || ended);
  }
  (void)reader->Tokens();
  if (asked.form->mapping->serves_callers()) TellCaller(asked, events);
}

void Request(const Asked& asked, std::string_view text) {
  if (asked.form->request == nullptr) return;
  const std::unique_ptr<Message> hub(asked.hub->request->New());
  if (!TheCodec().Decode(text, codec::Strictness::kRequest, hub.get())) return;
  CallFacts facts = asked.facts;
  if (asked.foreign) facts.request = hub.get();
  for (const auto& media : asked.form->mapping->MediaOf(*hub)) Check(!media.url.empty());
  const std::unique_ptr<Message> wire(asked.form->request->New());
  portolan::providers::DroppedMembers dropped;
  if (const auto error = asked.form->mapping->RequestToWire(*hub, facts, wire.get(), &dropped)) {
    Check(error->http_status == 400 && !error->message.empty());
    return;
  }
  TheCodec().CheckEncodes(*wire, codec::Strictness::kRequest, {.composed = true, .for_upstream = true});
  for (const auto& option : asked.form->mapping->NeededOptions(*wire)) Check(!option.value.empty());
}

// By a caller who speaks the dialect.
void AskedInItsWords(const Asked& asked, std::string_view text) {
  if (asked.form->request == nullptr || !asked.form->mapping->serves_callers()) return;
  const std::unique_ptr<Message> wire(asked.form->request->New());
  if (!TheCodec().Decode(text, codec::Strictness::kRequest, wire.get())) return;
  const std::unique_ptr<Message> hub(asked.hub->request->New());
  portolan::providers::DroppedMembers dropped;
  if (const auto error = asked.form->mapping->RequestToHub(*wire, asked.facts, hub.get(), &dropped)) {
    Check(error->http_status == 400 && !error->message.empty());
    return;
  }
  TheCodec().CheckEncodes(*hub, codec::Strictness::kRequest);
}

void Failure(const Asked& asked, std::string_view text) {
  const portolan::providers::Provider provider{.name = "p", .dialect = asked.dialect};
  portolan::providers::Target target;
  target.provider = &provider;
  CheckError(asked.dialect->ReadError(500, {}, text, target));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), input.size());
  Asked asked;
  // What names no form is nothing to go on from.
  if (!ReadHead(input.substr(0, line), &asked)) return -1;
  const std::string_view text = input.substr(std::min(line + 1, input.size()));
  if (asked.what == "answer") {
    Answer(asked, text);
  } else if (asked.what == "stream") {
    Stream(asked, text);
  } else if (asked.what == "request") {
    Request(asked, text);
  } else if (asked.what == "asked") {
    AskedInItsWords(asked, text);
  } else if (asked.what == "error") {
    Failure(asked, text);
  } else {
    return -1;
  }
  return 0;
}
