#include "providers/named.h"

#include <utility>

namespace portolan::providers {
namespace {

class NamedProvider final : public Provider {
 public:
  NamedProvider(std::string name, std::string base_url, const Provider& dialect, bool stream_usage)
      : name_(std::move(name)),
        base_url_(std::move(base_url)),
        dialect_(dialect),
        stream_usage_(stream_usage) {}

  std::string_view name() const override { return name_; }
  std::string_view default_base_url() const override { return base_url_; }
  bool is_operators_own() const override { return true; }
  bool takes_stream_options() const override { return stream_usage_; }
  std::span<const std::string_view> key_variables() const override { return {}; }
  std::string_view key_header() const override { return dialect_.key_header(); }
  std::span<const std::string_view> option_names() const override { return dialect_.option_names(); }

  std::optional<Error> Locate(const CallFacts& facts, const Target& target, HttpCall* call) const override {
    return dialect_.Locate(facts, target, call);
  }
  Shape shape(Operation operation) const override { return dialect_.shape(operation); }
  const LocalProvider* local() const override { return dialect_.local(); }
  Error Classify(int http_status, std::span<const HeaderView> headers, std::string_view body,
                 const Target& target) const override {
    return dialect_.Classify(http_status, headers, body, target);
  }

 private:
  const std::string name_;
  const std::string base_url_;
  const Provider& dialect_;
  const bool stream_usage_;
};

}  // namespace

std::unique_ptr<Provider> NewNamedProvider(std::string name, std::string base_url, const Provider& dialect,
                                           bool stream_usage) {
  return std::make_unique<NamedProvider>(std::move(name), std::move(base_url), dialect, stream_usage);
}

}  // namespace portolan::providers
