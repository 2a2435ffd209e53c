#pragma once

// A provider is data: where it is, which dialect it speaks, which of its operations it has, and how it wants
// its key. To add one that speaks OpenAI's dialect: a row in providers/rows; any other: in providers/rows.cc.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "providers/auth.h"
#include "providers/body_rule.h"
#include "providers/call.h"
#include "providers/dialect.h"
#include "providers/local.h"
#include "providers/url_part.h"

namespace portolan::providers {

// A setting that a request header (`x-portolan-openai-organization`, or its native name) or a config
// (`openai_organization`) may give. It goes to the provider as a header, stands in its base URL, or is read
// by its auth.
struct ProviderOption {
  std::string name;              // snake_case
  std::string header = {};       // lower case; empty: it is no header
  std::string fallback = {};     // where nobody gives the option; empty: nothing
  std::string variable = {};     // of the environment, which may set the fallback; empty: none
  UrlPart part = {};             // what it may be, if it stands in the base URL or in a path
  bool in_path = false;          // a part of paths, which cannot do without it
  bool is_json = false;          // a config gives it as an object, a header as that object's text
  std::string config_name = {};  // what a config may call it besides (`resource_name`); empty: nothing
  // Only the operator may give it: in a route of the config file, or in the environment.
  bool operators_only = false;
  // A caller may give it only together with the key: beside the gateway's own key only the operator may.
  bool goes_with_key = false;
  // Instead of a part of the base URL's host it may be a whole host that ends in one of these, or the https
  // URL of one with one of the paths. Separated by `|`; empty: it may not.
  std::string_view host_endings = {};
  std::string_view url_paths = {};
  bool optional = false;  // paths can do without it, if `in_path`
  const Dialect* dialect =
      nullptr;  // a header only where this is spoken; null: wherever the provider is called
};

// An operation that does not lie where its dialect has it.
struct OwnPath {
  std::string_view operation;
  std::string_view path;  // as Form::path
};

// Another way in which a provider says an operation, for members of requests that the usual way refuses:
// chosen once it has done so.
struct OtherWay {
  std::string_view members;  // with `|` between them
  const Dialect* dialect = nullptr;
  Form form = {};
};

// Where a provider is if an option has a certain value, or for one operation.
struct ProviderHost {
  std::string option;  // empty: `value` is the operation
  std::string value;   // `*`: any
  std::string base_url;
};

// Models of a provider that are spoken to in a way of their own, told by their names. Hosting somebody else's
// models is described by these alone.
struct ModelFamily {
  struct Name {
    std::string prefix;                       // of the model's name; `*/`: a folder, whatever its name
    std::optional<std::string> instead = {};  // what the provider calls it: takes the prefix's place
    // `prefix` stands anywhere in the name, as in an ARN or behind a region (`us.…`); `instead` has no
    // meaning then.
    bool anywhere = false;
  };
  // Whether an option (`azure_api_version`) lies between two values, as texts are ordered; the second is
  // beyond.
  struct When {
    std::string_view option = {};  // empty: whatever the options say
    std::string_view from = {};
    std::string_view to = {};
  };
  std::vector<Name> names;
  const Dialect* dialect = nullptr;
  std::vector<Form> forms = {};  // the operations that they have; see HostedForm
  When when = {};
  bool refuses_stream_options = false;  // whatever the row says of the others
  // See Provider::text_by_chat. A row may have one of its own.
  std::shared_ptr<const Form> text_by_chat = nullptr;

  // How these models say an operation; null: they do not have it. `raw_path`: of a call that is relayed as it
  // is.
  const Form* Find(std::string_view operation, std::string_view raw_path = {}) const;
};

// A form of `dialect` at another path. `dialect` must have it; paths must be constants.
Form HostedForm(const Dialect& dialect, std::string_view operation, std::string_view path,
                std::string_view stream_path = {}, std::string_view style = {});
// A form of `dialect` for a provider that speaks another. `dialect` must have it.
Form OwnForm(const Dialect& dialect, std::string_view operation, std::string_view style = {});
// A form of calls that are passed on as they are: see Form::raw.
Form RawForm(std::string_view path, std::vector<std::string_view> raw_paths = {});

// Immutable once it is in a registry.
struct Provider {
  std::string name;
  // No trailing slash. `{NAME}` stands for an option, which is then needed and must be what its UrlPart says.
  std::string base_url = {};
  const Dialect* dialect = nullptr;  // never null once registered
  // Of the dialect's. Empty: all of them, but for those that must be named.
  std::vector<std::string> operations = {};
  std::vector<std::string> objects = {};  // of OpenAI's API that it keeps: see ObjectFamily
  const Auth* auth = nullptr;             // never null once registered
  // The environment variables that may hold its key, in order of preference: `NAME`, or several whose values
  // are joined by colons (`ID:SECRET:TOKEN?`), of which those with a `?` may be missing; or `NAME@`, which
  // names a file that holds it.
  std::vector<std::string> key_variables = {};
  std::vector<ProviderOption> options = {};
  std::vector<ProviderHost> hosts = {};  // instead of base_url
  // The first that has the model's name counts. What the row says besides is for models in none of them.
  std::vector<ModelFamily> families = {};
  // The options that name the model, if they are given, in order of preference: what the request calls it
  // does not count then.
  std::vector<std::string> model_options = {};
  // Whether the server at its address takes `stream_options`, so that it can be asked to count the tokens of
  // a stream whether or not the caller wants to see them.
  bool takes_stream_options = false;
  // The operator defined it, with an address of their own.
  bool is_operators_own = false;
  // Answers inside the process; null: the provider is called at base_url.
  const LocalProvider* local = nullptr;
  // For people: `Mistral AI`; and what else it is called, to say what was meant.
  std::string_view title = {};
  std::span<const std::string_view> aliases = {};
  // What custom hosts end in; appended to those that do not (`/v1`). Empty: they are taken as they are.
  std::string_view host_version = {};
  std::vector<OwnPath> paths = {};
  // Forms of other dialects, for operations that this provider does not say as its own dialect does, or not
  // below its base URL. None of `operations`. Of two for one, the first is `only_at_base_url`, the other
  // elsewhere.
  std::vector<Form> own_forms = {};
  // How its requests differ from what its dialect says.
  std::span<const BodyRule> rules = {};
  // Their dialects are not the provider's. Two for one operation have no member in common.
  std::vector<OtherWay> other_ways = {};
  // The tokens that its answers count as output lack those of reasoning.
  bool usage_excludes_reasoning = false;
  // How its chat serves text completions, if it has no form for those. Set by the registry.
  std::shared_ptr<const Form> text_by_chat = nullptr;
  // Whether where it is called depends on its options, or on the operation. Set by the registry.
  bool has_several_addresses = false;
  // Called without a key if there is none.
  bool needs_no_key = false;
  // base_url is this machine's own, which is called only where a caller who names that host might call it.
  bool on_this_machine = false;
  // Its streams tell their tokens in a chunk without choices though nobody has asked, at whatever address.
  bool usage_unasked = false;
  // Where the facts of a built-in one come from, and when they were looked up (`2026-11`).
  std::string_view source = {};
  std::string_view checked = {};

  // How it says an operation in its dialect; null: it does not.
  const Form* Find(std::string_view operation) const;
  // The one of `own_forms`; null: there is none.
  const Form* FindOwn(std::string_view operation) const;
  // How else it says an operation for which `member` of the request was refused; null: not at all.
  const OtherWay* OtherWayFor(std::string_view operation, std::string_view member) const;
  // The family of a model, whose name becomes what the provider calls it; null: none. `target` has the
  // options.
  const ModelFamily* FamilyOf(std::string* model, const Target& target) const;
  // What an option of the row is for this target: what was given, else what the row or the environment says.
  std::string_view OptionOf(const Target& target, std::string_view name) const;
};

// How a call is carried out.
struct Way {
  enum class Kind : uint8_t {
    kUnsupported,
    kRelay,   // caller and provider speak one dialect: bytes are passed on, with the route's edits
    kMap,     // from the caller's dialect to the hub's, and from there to the provider's
    kInside,  // answered in the process
    kRaw,     // passed on as it is, both ways, whatever it is
  };
  Kind kind = Kind::kUnsupported;
  const Form* form = nullptr;  // the provider's
};

// The way from callers that speak `door` to `provider`, or to a family of its models. `raw_path`: what is
// called, if it is relayed as it is.
Way WayOf(const Dialect& door, std::string_view operation, const Provider& provider,
          const ModelFamily* family = nullptr, std::string_view raw_path = {});

// Whether a form is that of calls which are passed on as they are.
inline bool IsRaw(const Form& form) { return form.raw; }

// Makes of a provider's base URL that which `form` is reached from: see Form::without.
void LeaveBase(const Form& form, std::string* base_url);

// What stands at the head of a call of `form`, but for credentials.
HttpCall Locate(const Form& form, const CallFacts& facts, const Target& target);

// A provider of the operator's own, which speaks as `like` does but has its own name and address, and no
// environment variables that could hold its key.
Provider NamedProvider(const Provider& like, std::string name, std::string base_url,
                       bool takes_stream_options);

}  // namespace portolan::providers
