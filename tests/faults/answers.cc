#include <algorithm>

#include "tests/faults/fault.h"

namespace portolan::faults {

Outcome Refused(int status, std::string code, grpc::StatusCode rpc) {
  return {Outcome::Kind::kError, status, std::move(code), rpc};
}
Outcome Refused(int status, Trouble trouble, grpc::StatusCode rpc) {
  Outcome outcome = Refused(status, "", rpc);
  outcome.trouble = trouble;
  return outcome;
}
Outcome Breaks(std::string code, grpc::StatusCode rpc) {
  return {Outcome::Kind::kBreak, 0, std::move(code), rpc};
}
Outcome Breaks(Trouble trouble, grpc::StatusCode rpc) {
  Outcome outcome = Breaks("", rpc);
  outcome.trouble = trouble;
  return outcome;
}
Outcome Cut(std::string code) { return {Outcome::Kind::kCut, 0, std::move(code), grpc::UNAVAILABLE}; }
Outcome Whole() { return {Outcome::Kind::kAnswer, 0, "", grpc::OK}; }
Outcome NotAsked() { return {Outcome::Kind::kNotAsked, 0, "", grpc::OK}; }
Outcome BadGateway(std::string code) { return Refused(502, std::move(code), grpc::UNAVAILABLE); }
Outcome Callers(Outcome outcome) {
  outcome.error_class = "caller";
  return outcome;
}
Outcome TooSlow(std::string code) { return Refused(504, std::move(code), grpc::DEADLINE_EXCEEDED); }

Fault& Fault::Only(std::vector<Dialect> those) {
  dialects = std::move(those);
  return *this;
}
Fault& Fault::ButFor(Dialect one) {
  dialects.erase(std::remove(dialects.begin(), dialects.end(), one), dialects.end());
  return *this;
}
bool Fault::Concerns(Dialect dialect) const {
  return std::find(dialects.begin(), dialects.end(), dialect) != dialects.end();
}

std::vector<Fault> AllFaults() {
  std::vector<Fault> all;
  for (auto group :
       {ConnectionFaults, HeadFaults, BodyFaults, AnswerFaults, StreamFaults, AwsFramingFaults}) {
    for (Fault& fault : group()) all.push_back(std::move(fault));
  }
  return all;
}

std::string Joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  return all;
}

const std::vector<std::string>& GoodEvents(Dialect dialect) { return In(dialect).events; }

std::string UntilText(Dialect dialect) {
  std::vector<std::string> events = GoodEvents(dialect);
  events.resize(In(dialect).until_text);
  return Joined(events);
}

std::string GoodBody(const Setting& setting) {
  return setting.mode == Mode::kStream ? Joined(GoodEvents(setting.dialect)) : In(setting.dialect).body;
}

std::string ContentType(const Setting& setting) {
  return setting.mode == Mode::kStream ? In(setting.dialect).stream_type : "application/json";
}

test::Script GoodAnswer(const Setting& setting) {
  if (setting.mode == Mode::kUnary) return test::RespondJson(200, GoodBody(setting));
  return test::RespondChunked(200, GoodEvents(setting.dialect), {{"Content-Type", ContentType(setting)}});
}

Setting SettingOf(const test::SeenRequest& request, Transport transport) {
  const auto asks = [&](const char* path) { return request.target.find(path) != std::string::npos; };
  Setting setting;
  setting.transport = transport;
  bool stream = request.body.find("\"stream\":true") != std::string::npos;
  if (asks("/messages")) setting.dialect = Dialect::kAnthropic;
  if (asks(":generateContent") || asks(":streamGenerateContent")) {
    setting.dialect = Dialect::kGoogle;
    stream = asks(":streamGenerateContent");
  }
  if (asks("/converse")) {
    setting.dialect = Dialect::kBedrock;
    stream = asks("/converse-stream");
  }
  if (asks("/v2/chat")) setting.dialect = Dialect::kCohere;
  setting.mode = stream ? Mode::kStream : Mode::kUnary;
  return setting;
}

}  // namespace portolan::faults
