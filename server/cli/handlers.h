#pragma once

// What the table of commands runs. Each returns the exit status. Internal to cli/.

#include "server/cli/command.h"

namespace portolan::cli {

// Asks the admin listener whether the gateway is ready.
int Health(const Arguments& arguments, const Host& host);

// Prints a script that completes commands and flags in a shell.
int Completion(const Arguments& arguments, const Host& host);

// Asks a model and prints its answer as it comes, by way of a gateway.
int RunChat(const Arguments& arguments, const Host& host);

// Lists models, by way of a gateway.
int Models(const Arguments& arguments, const Host& host);

// Writes a config file from the keys in the environment.
int Init(const Arguments& arguments, const Host& host);

// Runs the guardrails of a file on a text and tells what each check found.
int TestGuardrail(const Arguments& arguments, const Host& host);
// Prints the table of checks of docs/guardrails.md.
int ListChecks(const Arguments& arguments, const Host& host);

// Says what is there and what is missing for a gateway.
int Doctor(const Arguments& arguments, const Host& host);

}  // namespace portolan::cli
