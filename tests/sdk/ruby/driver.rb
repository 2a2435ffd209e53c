# Drives ruby-openai: see ../scenarios/driver.py, which it answers.

require "json"
require "openai"
require "stringio"

PAGE = "docs/sdks.md"
LONG_S = 60
SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false
}.freeze
WEATHER = { name: "weather", description: "Tells the weather.", parameters: SCHEMA }.freeze

# An answer that tells of an error: the SDK raises nothing, but gives it as any other.
class Refused < StandardError
  attr_reader :answer

  def initialize(answer)
    @answer = answer
    super("refused with #{answer.code}: #{answer.body}")
  end
end

def client(request)
  limit = request["timeout_ms"] ? request["timeout_ms"] / 1000.0 : LONG_S
  OpenAI::Client.new(access_token: request["key"], uri_base: "#{request["url"]}/", request_timeout: limit)
end

def succeeded(answer)
  raise Refused, answer unless answer.success?

  answer
end

# What the model says to the usual messages and those `after` them.
def ask(request, after: [], **more)
  messages = [{ role: "system", content: "Be brief." }, { role: "user", content: "Hi" }, *after]
  succeeded(client(request).chat(parameters: { model: request["model"], max_tokens: 64, messages: messages, **more }))
end

def message(answer)
  answer.dig("choices", 0, "message")
end

def chat(request)
  answer = ask(request)
  { text: message(answer)["content"], usage: answer["usage"].values_at("prompt_tokens", "completion_tokens") }
end

def tools(request)
  offered = [{ type: "function", function: WEATHER }]
  asking = message(ask(request, tools: offered))
  call = asking["tool_calls"].first
  result = { role: "tool", tool_call_id: call["id"], content: "sunny" }
  told = message(ask(request, after: [asking, result], tools: offered))
  { call: JSON.parse(call.dig("function", "arguments")), text: told["content"] }
end

def structured(request)
  format = { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } }
  { value: JSON.parse(message(ask(request, response_format: format))["content"]) }
end

def embed(request)
  answer = client(request).embeddings(parameters: { model: request["model"], input: %w[one two] })
  { vectors: succeeded(answer)["data"].map { |each| each["embedding"] } }
end

def models(request)
  { ids: succeeded(client(request).models.list)["data"].map { |each| each["id"] } }
end

# Runs lines of docs/sdks.md.
def page(request)
  printed = StringIO.new
  out = $stdout
  $stdout = printed
  eval(request["code"], binding, PAGE)
  { printed: printed.string }
ensure
  $stdout = out
end

ACTIONS = %w[chat tools structured embed models page].freeze

# What the SDK's error tells, if it is one.
def told(error)
  case error
  when Refused then { status: error.answer.code, **error.answer["error"].slice("message", "type", "code") }
  when Net::OpenTimeout, Net::ReadTimeout then { message: error.message, timeout: true }
  end
end

# The SDK keeps for the whole process what a client is given, and has no headers of its callers': HTTParty, by which it calls, has.
def start_anew(headers)
  OpenAI.configuration = OpenAI::Configuration.new
  HTTParty::Basement.default_options.delete(:headers)
  HTTParty::Basement.headers(headers)
end

def serve(request)
  raise "there is no #{request["do"]}" unless ACTIONS.include?(request["do"])

  start_anew(request["headers"] || {})
  send(request["do"], request)
rescue StandardError, SyntaxError => e
  failed = told(e)
  failed ? { failed: failed } : { broken: e.full_message(highlight: false) }
end

$stdout.sync = true
$stdin.each_line { |line| puts JSON.generate(serve(JSON.parse(line))) }
