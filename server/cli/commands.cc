// The table of commands. docs/cli.md tells the same at more length; a test compares the two.

#include "server/config_file/commands.h"

#include "server/cli/command.h"
#include "server/cli/door.h"
#include "server/cli/handlers.h"
#include "server/config_file/provider_list.h"

namespace portolan::cli {
namespace {

int Tell(const Host& host, const config::CommandResult& result) {
  std::fputs(result.out.c_str(), host.out);
  std::fputs(result.err.c_str(), host.err);
  return result.exit_status;
}

int Serve(const Arguments& arguments, const Host& host) { return host.serve(arguments.raw); }

int Check(const Arguments& arguments, const Host& host) {
  return Tell(host, config::CheckCommand(arguments.operand(), arguments.Has("--resolve"), host.environment));
}

int PrintConfig(const Arguments& arguments, const Host& host) {
  return Tell(host, config::PrintCommand(arguments.operand(), arguments.Get("--format") == "json"));
}

int PrintSchema(const Arguments&, const Host& host) { return Tell(host, config::SchemaCommand()); }

int ListProviders(const Arguments& arguments, const Host& host) {
  const providers::Catalog& catalog = providers::BuiltInCatalog();
  return Tell(
      host,
      {0, arguments.Has("--markdown") ? config::ProviderTable(catalog) : config::ProviderLines(catalog), ""});
}

constexpr Flag kCheckFlags[] = {
    {.name = "--resolve", .help = "look up the variables and files too that the file refers to"},
};
constexpr Flag kPrintFlags[] = {
    {.name = "--format",
     .value_name = "FORMAT",
     .choices = "yaml|json",
     .help = "how to print it; yaml unless told otherwise"},
};
constexpr Flag kProvidersFlags[] = {
    {.name = "--markdown", .help = "print the tables of docs/providers.md"},
};

constexpr Flag kHealthFlags[] = {
    {.name = "--admin",
     .value_name = "ADDR",
     .help = "the admin listener, HOST:PORT or a URL; else PORTOLAN_ADMIN, the config file, 127.0.0.1:8788"},
    {.name = "--config", .value_name = "FILE", .help = "the gateway's config file; else PORTOLAN_CONFIG"},
    {.name = "--timeout",
     .value_name = "TIME",
     .help = "how long to wait for the answer; 2s unless told otherwise"},
};

constexpr Flag kModelsFlags[] = {
    kUrlFlag,
    kConfigFlag,
    {.name = "--json", .help = "print the gateway's answer as it came"},
};
constexpr Flag kInitFlags[] = {
    {.name = "--output",
     .value_name = "FILE",
     .help = "the file to write, which must not exist; portolan.yaml unless told otherwise, - for stdout"},
};

constexpr Flag kDoctorFlags[] = {
    {.name = "--config", .value_name = "FILE", .help = "the gateway's config file; else PORTOLAN_CONFIG"},
    {.name = "--call",
     .help = "also list each provider's models with its key: a real call, the cheapest there is"},
    {.name = "--json", .help = "print the findings as JSON"},
};

constexpr Flag kGuardrailTestFlags[] = {
    {.name = "--input", .value_name = "TEXT", .help = "the text to look at; -: what stdin says"},
    {.name = "--guardrail", .value_name = "NAME", .help = "run the one that FILE has under this name only"},
    {.name = "--model", .value_name = "MODEL", .help = "the model that the call would be for"},
    {.name = "--metadata", .value_name = "JSON", .help = "the metadata that the call would have"},
};

constexpr Flag kChatFlags[] = {
    {.name = "--model",
     .short_name = "-m",
     .value_name = "MODEL",
     .help = "PROVIDER/MODEL, or an alias of the gateway"},
    {.name = "--system", .value_name = "TEXT", .help = "what the model is told to be"},
    {.name = "--image",
     .value_name = "FILE",
     .help = "a picture that goes with the question: PNG, JPEG, GIF or WebP"},
    {.name = "--json", .help = "print the chunks of the answer as they come, a line each"},
    kUrlFlag,
    kConfigFlag,
};

constexpr Command kCommands[] = {
    {.name = "serve",
     .summary = "start the gateway",
     .help =
         "Starts the gateway: REST and gRPC for callers, an admin listener for operators. SIGTERM or SIGINT "
         "ends it gracefully. A flag is written --flag VALUE or --flag=VALUE and beats its environment "
         "variable, named in brackets, which beats the config file. A variable holds a comma list where the "
         "flag may be repeated.",
     .example = "OPENAI_API_KEY=... portolan serve --http 127.0.0.1:8787",
     .takes_settings = true,
     .run = Serve},
    {.name = "check",
     .operand = "FILE",
     .summary = "check a config file",
     .help = "Checks a config file. Exit status 0 if it is good, else 1, and every problem with its line and "
             "column. Without --resolve it works where there are no secrets.",
     .example = "portolan check portolan.yaml",
     .flags = kCheckFlags,
     .run = Check},
    {.name = "config print",
     .operand = "FILE",
     .summary = "print a config file with all defaults filled in",
     .help = "Prints a config file with all defaults filled in. References to keys are printed as they are.",
     .example = "portolan config print portolan.yaml --format json",
     .flags = kPrintFlags,
     .run = PrintConfig},
    {.name = "config schema",
     .summary = "print the JSON Schema of config files",
     .help = "Prints the JSON Schema of config files, for editors.",
     .example = "portolan config schema > portolan.schema.json",
     .run = PrintSchema},
    {.name = "providers",
     .summary = "list the providers that are built in",
     .help =
         "Lists the providers that are built in, with their dialects, addresses and the variables for their "
         "keys.",
     .example = "portolan providers | grep mistral",
     .flags = kProvidersFlags,
     .run = ListProviders},
    {.name = "health",
     .summary = "ask a running gateway whether it is ready",
     .help = "Asks /readyz of the admin listener. Exit status 0 if the gateway is ready, else 1, and one "
             "line that "
             "says why. For container platforms that have commands rather than HTTP probes.",
     .example = "portolan health --admin 127.0.0.1:8788 --timeout 500ms",
     .flags = kHealthFlags,
     .run = Health},
    {.name = "chat",
     .operand = "[PROMPT...]",
     .summary = "ask a model and see its answer as it comes",
     .help =
         "Asks a model by way of a gateway, prints the answer as it comes, and on stderr its tokens and how "
         "long "
         "the first took. Without PROMPT, or with -, the question is what stdin says; at a terminal it is a "
         "conversation. Ctrl-C ends an answer, and the call to the provider with it. The gateway is the one "
         "that "
         "--url names, called with the caller key in PORTOLAN_KEY; without it the command starts one for "
         "itself, "
         "with the keys of the environment.",
     .example = "portolan chat -m anthropic/claude-sonnet-4-6 'Name three harbours.'",
     .flags = kChatFlags,
     .run = RunChat},
    {.name = "models",
     .operand = "[PROVIDER]",
     .summary = "list the models of a provider, or those of the gateway itself",
     .help =
         "Lists models by way of a gateway, one a line, as a request names them. Without PROVIDER those that "
         "the "
         "gateway has itself: aliases, and what its routes are fixed to. The gateway is the one that --url "
         "names, "
         "called with the caller key in PORTOLAN_KEY; without it the command starts one for itself, with the "
         "keys of the environment.",
     .example = "portolan models anthropic",
     .flags = kModelsFlags,
     .run = Models},
    {.name = "init",
     .summary = "write a config file from the keys in the environment",
     .help =
         "Writes a commented config file that names the providers whose keys are in the environment. It says "
         "where the keys are and never holds one. A file that exists is left alone.",
     .example = "portolan init --output gateway.yaml",
     .flags = kInitFlags,
     .run = Init},
    {.name = "doctor",
     .summary = "say what is there and what is missing",
     .help = "Looks at everything that `portolan serve` would need: the config, the keys in the environment "
             "(by name), "
             "who can reach the gateway, its ports, the limit of descriptors, the certificate authorities, "
             "the way "
             "to each provider that has a key (DNS, proxy, TCP, TLS), and the clock. Exit status 0 if all is "
             "well, "
             "else 1.",
     .example = "portolan doctor --config portolan.yaml --call",
     .flags = kDoctorFlags,
     .run = Doctor},
    {.name = "guardrail test",
     .operand = "FILE",
     .summary = "run the guardrails of a file on a text",
     .help =
         "Runs guardrails on a text, as the message of a user in a chat, and tells what each check found. "
         "FILE is YAML or JSON: one guardrail, a list of them, a config that has them under "
         "input_guardrails, output_guardrails and their kin, or the gateway's config file, which has them "
         "under guardrails. Nothing is sent anywhere. Exit status 0 if all pass, else 1.",
     .example = "echo 'My card is 4111 1111 1111 1111' | portolan guardrail test rules.yaml --input -",
     .flags = kGuardrailTestFlags,
     .run = TestGuardrail},
    {.name = "guardrail checks",
     .summary = "list the checks that guardrails are made of",
     .help = "Prints the table of docs/guardrails.md: each check, its parameters and when it passes.",
     .example = "portolan guardrail checks",
     .run = ListChecks},
    {.name = "completion",
     .operand = "SHELL",
     .operand_choices = "bash|zsh|fish",
     .summary = "print a script that completes commands and flags in a shell",
     .help = "Prints a script that completes commands, flags and their values in bash, zsh or fish.",
     .example = "source <(portolan completion bash)\n"
                "portolan completion fish > ~/.config/fish/completions/portolan.fish",
     .run = Completion},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace portolan::cli
