#include "providers/dialects/rerankers/rerankers.h"

#include <array>

#include "providers/dialects/openai/openai.h"
#include "providers/dialects/rerankers/enveloped.h"
#include "providers/dialects/rerankers/list.h"
#include "providers/dialects/rerankers/ranking.h"
#include "providers/dialects/rerankers/scores.h"
#include "rerankers/v1/rerank.pb.h"

namespace portolan::providers {
namespace {

namespace wire = ::rerankers::v1;

Form Listing(std::string_view style, std::string_view path, const Mapping& mapping) {
  Form form{.operation = operation::kRerank,
            .style = style,
            .path = path,
            .request = &wire::ListRequest::default_instance(),
            .answer = &wire::ListAnswer::default_instance(),
            .mapping = &mapping};
  form.accounting.input = {"usage.prompt_tokens|usage.total_tokens"};
  form.accounting.error = {"error", "detail"};
  return form;
}

Form Scoring(const Mapping& mapping) {
  Form form{.operation = operation::kRerank,
            .style = kRerankOfDeepInfra,
            // Beside the API that is OpenAI's, in which all else lies.
            .without = "/openai",
            .path = "/inference/{model=**}",
            .request = &wire::ScoreRequest::default_instance(),
            .answer = &wire::ScoreAnswer::default_instance(),
            .mapping = &mapping};
  form.accounting.input = {"input_tokens"};
  form.accounting.error = {"error", "detail"};
  return form;
}

Form Ranking(std::string_view style, std::string_view path, const Mapping& mapping) {
  Form form{.operation = operation::kRerank,
            .style = style,
            .path = path,
            .request = &wire::RankRequest::default_instance(),
            .answer = &wire::RankAnswer::default_instance(),
            .mapping = &mapping};
  form.accounting.input = {"usage.prompt_tokens|usage.total_tokens"};
  form.accounting.error = {"error", "detail"};
  return form;
}

Form InCatalog(Form form) {
  form.only_at_base_url = true;
  return form;
}

Form Enveloped(std::string_view style, const Mapping& mapping) {
  Form form{.operation = operation::kRerank,
            .style = style,
            // Beside the API that is OpenAI's, in which all else lies.
            .without = "/compatible-mode/v1",
            .path = "/api/v1/services/rerank/text-rerank/text-rerank",
            .request = &wire::EnvelopedRequest::default_instance(),
            .answer = &wire::EnvelopedAnswer::default_instance(),
            .mapping = &mapping};
  form.accounting.input = {"usage.prompt_tokens|usage.total_tokens"};
  return form;
}

class Rerankers final : public Dialect {
 public:
  std::string_view name() const override { return "rerankers"; }
  std::span<const Form> forms() const override { return forms_; }

  // Told in the dialect that the provider speaks otherwise.
  Error ReadError(int http_status, std::span<const HeaderView> headers, std::string_view body,
                  const Target& target) const override {
    return OpenAiDialect().ReadError(http_status, headers, body, target);
  }

 private:
  const rerankers::ListMapping voyage_{{.provider = "Voyage AI", .top_k = true}};
  const rerankers::ListMapping fireworks_{{.provider = "Fireworks AI"}};
  const rerankers::ListMapping mixedbread_{{.provider = "Mixedbread", .top_k = true, .input = true}};
  const rerankers::ScoresMapping deepinfra_;
  const rerankers::RankingMapping nim_{/*model_in_url=*/false};
  const rerankers::RankingMapping nvidia_catalog_{/*model_in_url=*/true};
  const rerankers::EnvelopedMapping dashscope_{/*objects=*/false};
  const rerankers::EnvelopedMapping dashscope_media_{/*objects=*/true};
  const std::array<Form, 8> forms_ = {
      Listing(kRerankOfVoyage, "/rerank", voyage_),
      Listing(kRerankOfFireworks, "/rerank", fireworks_),
      Listing(kRerankOfMixedbread, "/reranking", mixedbread_),
      Scoring(deepinfra_),
      Ranking(kRerankOfNim, "/ranking", nim_),
      InCatalog(Ranking(kRerankOfNvidiaCatalog, "/retrieval/{model=**}/reranking", nvidia_catalog_)),
      Enveloped(kRerankOfDashScope, dashscope_),
      Enveloped(kRerankOfDashScopeMedia, dashscope_media_)};
};

}  // namespace

const Dialect& RerankersDialect() {
  static const Rerankers dialect;
  return dialect;
}

}  // namespace portolan::providers
