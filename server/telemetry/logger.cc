#include "server/telemetry/logger.h"

#include "server/telemetry/json_line.h"

namespace portolan::telemetry {
namespace {

constexpr size_t kMaxMessage = 2048;
constexpr size_t kMaxField = 1024;

struct PutField {
  std::string_view key;
  JsonLine* line;

  void operator()(std::string_view value) const { line->Text(key, value, kMaxField); }
  void operator()(int64_t value) const { line->Integer(key, value); }
  void operator()(uint64_t value) const { line->Unsigned(key, value); }
  void operator()(double value) const { line->Real(key, value); }
  void operator()(bool value) const { line->Bool(key, value); }
};

}  // namespace

void Logger::Log(LogLevel level, std::string_view message, Fields fields,
                 std::chrono::system_clock::time_point now) {
  if (!enabled(level)) return;
  char timestamp[TimestampFormatter::kLength];
  TimestampFormatter().Format(now, timestamp);
  char buffer[8192];
  JsonLine line(buffer, {timestamp, sizeof timestamp}, level);
  line.Text("msg", message, kMaxMessage);
  for (const LogField& field : fields) std::visit(PutField{field.key, &line}, field.value);
  writer_.Post(line.Finish());
}

}  // namespace portolan::telemetry
