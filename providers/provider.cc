#include "providers/provider.h"

#include <algorithm>
#include <utility>

#include "providers/fit_messages.h"
#include "providers/path.h"

namespace portolan::providers {
namespace {

constexpr std::string_view kModel = "{model}";
constexpr std::string_view kModelWithSlashes = "{model=**}";
constexpr std::string_view kRawPath = "{path}";
constexpr std::string_view kAnyFolder = "*/";

// `/models/{model}:generate` with the model, options and the caller's path in their places.
void AppendPath(std::string_view pattern, std::string_view model, std::string_view raw_path,
                const Target& target, std::string* out) {
  for (size_t place = pattern.find('{'); place != std::string_view::npos; place = pattern.find('{')) {
    out->append(pattern.substr(0, place));
    pattern.remove_prefix(place);
    const bool keep_slash = pattern.starts_with(kModelWithSlashes);
    const size_t end = pattern.find('}');
    if (pattern.starts_with(kRawPath)) {
      out->append(raw_path);
    } else {
      const bool is_model = keep_slash || pattern.starts_with(kModel);
      AppendPathSegment(is_model ? model : target.option(pattern.substr(1, end - 1)), keep_slash, out);
    }
    pattern.remove_prefix(end + 1);
  }
  out->append(pattern);
}

// How much of a model's name a family's prefix takes; npos: it does not begin so.
size_t Match(std::string_view prefix, std::string_view model) {
  if (prefix != kAnyFolder) return model.starts_with(prefix) ? prefix.size() : std::string_view::npos;
  const size_t slash = model.find('/');
  return slash == 0 || slash == std::string_view::npos ? std::string_view::npos : slash + 1;
}

// The call itself says what stands in it.
const Form& PlainRawForm() {
  static const Form form = RawForm({});
  return form;
}

Way RawWay(const Provider& provider) {
  return provider.local != nullptr ? Way() : Way{Way::Kind::kRaw, &PlainRawForm()};
}

// What there is for an operation for which the dialect of the provider, or of the family, has no form.
Way WithoutForm(const Dialect& door, std::string_view operation, const Provider& provider,
                const ModelFamily* family) {
  if (operation == operation::kRelay) return RawWay(provider);
  if (!door.is_hub()) return {};
  if (const Form* const own = family == nullptr ? provider.FindOwn(operation) : nullptr) {
    return {own->mapping == nullptr ? Way::Kind::kRelay : Way::Kind::kMap, own};
  }
  if (operation != operation::kCompletion) return {};
  const auto& text = family == nullptr ? provider.text_by_chat : family->text_by_chat;
  return text == nullptr ? Way() : Way{Way::Kind::kMap, text.get()};
}

bool Holds(const ModelFamily::When& when, const Provider& provider, const Target& target) {
  if (when.option.empty()) return true;
  const std::string_view value = provider.OptionOf(target, when.option);
  return when.from <= value && value < when.to;
}

std::string_view PathOf(const Form& form, const CallFacts& facts, const Provider& provider) {
  for (const OwnPath& own : provider.paths) {
    if (own.operation == form.operation) return own.path;
  }
  return facts.stream && !form.stream_path.empty() ? form.stream_path : form.path;
}

std::string_view NextParameter(std::string_view* query) {
  const size_t end = std::min(query->find('&'), query->size());
  const std::string_view parameter = query->substr(0, end);
  query->remove_prefix(std::min(end + 1, query->size()));
  return parameter;
}

bool HasParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view parameter = NextParameter(&query);
    if (parameter.substr(0, parameter.find('=')) == name) return true;
  }
  return false;
}

}  // namespace

std::string_view MediaType(Framing framing) {
  switch (framing) {
    case Framing::kSse:
      return "text/event-stream";
    case Framing::kAwsEventStream:
    case Framing::kAwsPayload:
      return "application/vnd.amazon.eventstream";
    case Framing::kNdjson:
      return "application/x-ndjson";
  }
  return {};
}

const Form* Dialect::Find(std::string_view operation, std::string_view style) const {
  for (const Form& form : forms()) {
    if (form.operation == operation && form.style == style) return &form;
  }
  return nullptr;
}

std::optional<Error> Dialect::ToNative(std::string_view, const Provider&, Message*, DroppedMembers*) const {
  return std::nullopt;
}

std::string_view Target::option(std::string_view name) const {
  for (const HeaderField& field : options) {
    if (field.name == name) return field.value;
  }
  return {};
}

const Form* Provider::Find(std::string_view operation) const {
  const Form* const form = dialect->Find(operation);
  if (form == nullptr || (operations.empty() && !form->must_be_named)) return form;
  const bool named = std::find(operations.begin(), operations.end(), operation) != operations.end();
  return named ? form : nullptr;
}

const Form* Provider::FindOwn(std::string_view operation) const {
  const auto own = std::find_if(own_forms.begin(), own_forms.end(),
                                [&](const Form& form) { return form.operation == operation; });
  return own == own_forms.end() ? nullptr : &*own;
}

const Form* ModelFamily::Find(std::string_view operation, std::string_view raw_path) const {
  for (const Form& form : forms) {
    if (form.operation != operation) continue;
    const auto& paths = form.raw_paths;
    if (paths.empty() || std::any_of(paths.begin(), paths.end(),
                                     [&](std::string_view begin) { return raw_path.starts_with(begin); })) {
      return &form;
    }
  }
  return nullptr;
}

const OtherWay* Provider::OtherWayFor(std::string_view operation, std::string_view member) const {
  for (const OtherWay& other : other_ways) {
    if (other.form.operation == operation && IsListed(member, other.members)) return &other;
  }
  return nullptr;
}

std::string_view Provider::OptionOf(const Target& target, std::string_view option_name) const {
  if (const std::string_view given = target.option(option_name); !given.empty()) return given;
  for (const ProviderOption& option : options) {
    if (option.name == option_name) return option.fallback;
  }
  return {};
}

const ModelFamily* Provider::FamilyOf(std::string* model, const Target& target) const {
  for (const ModelFamily& family : families) {
    if (!Holds(family.when, *this, target)) continue;
    for (const ModelFamily::Name& spelling : family.names) {
      if (spelling.anywhere) {
        if (model->find(spelling.prefix) != std::string::npos) return &family;
        continue;
      }
      const size_t taken = Match(spelling.prefix, *model);
      if (taken == std::string::npos) continue;
      if (spelling.instead) model->replace(0, taken, *spelling.instead);
      return &family;
    }
  }
  return nullptr;
}

Form HostedForm(const Dialect& dialect, std::string_view operation, std::string_view path,
                std::string_view stream_path, std::string_view style) {
  const Form* const origin = dialect.Find(operation, style);
  Form form = *origin;
  form.path = path;
  form.stream_path = stream_path;
  form.model_folder = {};
  form.passes_query = false;
  form.origin = origin;
  return form;
}

Form OwnForm(const Dialect& dialect, std::string_view operation, std::string_view style) {
  const Form* const origin = dialect.Find(operation, style);
  Form form = *origin;
  form.origin = origin;
  return form;
}

Form RawForm(std::string_view path, std::vector<std::string_view> raw_paths) {
  Form form;
  form.operation = operation::kRelay;
  form.path = path;
  form.passes_query = true;
  form.raw = true;
  form.raw_paths = std::move(raw_paths);
  return form;
}

Way WayOf(const Dialect& door, std::string_view operation, const Provider& provider,
          const ModelFamily* family, std::string_view raw_path) {
  const Form* const form = family == nullptr ? provider.Find(operation) : family->Find(operation, raw_path);
  if (form == nullptr) return WithoutForm(door, operation, provider, family);
  if (form->raw) return {Way::Kind::kRaw, form};
  const Dialect* const dialect = family == nullptr ? provider.dialect : family->dialect;
  const bool inside = provider.local != nullptr;
  // What is said in the hub's words without a mapping is what the hub's callers say.
  const bool same = dialect == &door || (dialect->is_hub() && door.is_hub() && form->mapping == nullptr);
  if (same && !inside) return {Way::Kind::kRelay, form};
  const auto maps = [](const Form* of, bool (Mapping::*half)() const) {
    return of != nullptr && of->mapping != nullptr && (of->mapping->*half)();
  };
  if (!door.is_hub() && !maps(door.Find(operation), &Mapping::serves_callers)) return {};
  if (inside) return {Way::Kind::kInside, form};
  if (!dialect->is_hub() && !maps(form, &Mapping::serves_providers)) return {};
  return {Way::Kind::kMap, form};
}

void LeaveBase(const Form& form, std::string* base_url) {
  if (!form.without.empty() && base_url->ends_with(form.without)) {
    base_url->resize(base_url->size() - form.without.size());
  }
}

HttpCall Locate(const Form& form, const CallFacts& facts, const Target& target) {
  HttpCall call;
  const bool raw = IsRaw(form);
  call.method = raw ? facts.raw_method : form.method;
  call.headers.reserve(target.provider->options.size());
  std::string_view path = raw ? form.path : PathOf(form, facts, *target.provider);
  std::string_view callers = form.passes_query ? facts.query : std::string_view();
  std::string_view raw_path = facts.raw_path;
  if (raw && path.empty()) {
    call.path = raw_path;
    callers = {};
  } else if (raw) {
    const size_t end = std::min(raw_path.find('?'), raw_path.size());
    callers = raw_path.substr(std::min(end + 1, raw_path.size()));
    raw_path = raw_path.substr(0, end);
  }
  const size_t query = std::min(path.find('?'), path.size());
  std::string_view model = facts.model;
  std::string in_folder;
  if (!form.model_folder.empty() && model.find('/') == std::string_view::npos) {
    in_folder.append(form.model_folder).append(model);
    model = in_folder;
  }
  AppendPath(path.substr(0, query), model, raw_path, target, &call.path);
  path.remove_prefix(std::min(query + 1, path.size()));
  while (!path.empty()) {
    const std::string_view parameter = NextParameter(&path);
    if (HasParameter(callers, parameter.substr(0, parameter.find('=')))) continue;
    std::string filled_in;
    AppendPath(parameter, model, raw_path, target, &filled_in);
    AppendQuery(filled_in, &call.path);
  }
  AppendQuery(callers, &call.path);
  for (const ProviderOption& option : target.provider->options) {
    const std::string_view given = target.options.empty() ? std::string_view() : target.option(option.name);
    const std::string_view value = given.empty() ? std::string_view(option.fallback) : given;
    if (option.dialect != nullptr && option.dialect != target.dialect) continue;
    if (!value.empty() && !option.header.empty()) call.headers.push_back({option.header, std::string(value)});
  }
  return call;
}

Provider NamedProvider(const Provider& like, std::string name, std::string base_url,
                       bool takes_stream_options) {
  Provider named = like;
  named.name = std::move(name);
  named.base_url = std::move(base_url);
  named.key_variables.clear();
  named.takes_stream_options = takes_stream_options;
  named.is_operators_own = true;
  named.on_this_machine = false;
  return named;
}

}  // namespace portolan::providers
