//! Runs clients/scenarios.yaml; with the control, each must fail.

mod world;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use portolan_client::tonic::metadata::{AsciiMetadataKey, MetadataMap};
use portolan_client::tonic::transport::{Certificate, ClientTlsConfig, Identity};
use portolan_client::tonic::{Code, Request, Response};
use portolan_client::v1::{ChatCompletion, ChatCompletionChunk, ChatCompletionRequest};
use portolan_client::{AnswerStream, Client, Config, Error, function_tool, text_of, tool_result, user};
use serde_json::{Value, json};
use world::World;

/// What a scenario is about to find wrong.
type Outcome = Result<(), String>;

/// What a scenario works with.
struct Stage<'a> {
    world: &'a World,
    given: Value,
    seen: Value,
}

impl Stage<'_> {
    fn config(&self) -> Config {
        Config::with_key(self.world.place("key"))
    }

    fn client(&self) -> Client {
        Client::new(self.world.place("plain"), self.config()).expect("a client")
    }

    fn asked(&self) -> ChatCompletionRequest {
        self.asking(self.given["prompt"].as_str().unwrap_or_default().into())
    }

    fn asking(&self, prompt: String) -> ChatCompletionRequest {
        let model = Some(self.world.place("model").into());
        ChatCompletionRequest { model, messages: vec![user(prompt)], ..Default::default() }
    }

    /// The request with the metadata that is given.
    fn asked_with_metadata(&self) -> Request<ChatCompletionRequest> {
        let mut request = Request::new(self.asked());
        for (name, value) in self.given["metadata"].as_object().expect("metadata") {
            let key = AsciiMetadataKey::from_bytes(name.as_bytes()).expect(name);
            request.metadata_mut().insert(key, value.as_str().expect(name).parse().expect(name));
        }
        request
    }

    /// A client of a gateway that speaks TLS.
    fn client_over(&self, place: &str, tls: ClientTlsConfig, connect_timeout: Duration) -> Client {
        let config = Config { tls: Some(tls), connect_timeout, ..self.config() };
        Client::new(self.world.place(place), config).expect("a client")
    }

    /// What stands in one of the world's files.
    fn pem(&self, name: &str) -> Vec<u8> {
        fs::read(self.world.place(name)).expect(name)
    }

    fn milliseconds(&self, name: &str) -> Duration {
        Duration::from_millis(self.given[name].as_u64().expect(name))
    }
}

fn equal(seen: impl Into<Value>, expected: &Value) -> Outcome {
    let seen = seen.into();
    if &seen == expected { Ok(()) } else { Err(format!("expected {expected:.200}, seen {seen:.200}")) }
}

/// Fails unless the error is what is to be seen.
fn equal_error<T>(result: Result<T, Error>, expected: &Value) -> Outcome {
    let Err(error) = result else { return Err("the call did not fail".into()) };
    let names = HashMap::from([
        (Code::Unavailable, "UNAVAILABLE"),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
        (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    ]);
    let told = json!({
        "class": error.class().as_str(),
        "code": error.code(),
        "status": names.get(&error.status()),
        "http_status": error.http_status(),
        "attempts": error.attempts(),
        "retryable": error.is_retryable(),
        "retry_delay_ms": error.retry_delay().map(|delay| delay.as_millis() as u64),
        "message": error.message(),
    });
    for (name, value) in expected.as_object().expect("an error") {
        equal(told[name].clone(), value).map_err(|problem| format!("{name}: {problem}: {error}"))?;
    }
    Ok(())
}

fn text(answer: Result<Response<ChatCompletion>, Error>) -> Result<String, String> {
    let answer = answer.map_err(|error| error.to_string())?.into_inner();
    Ok(text_of(answer.choices[0].message.as_ref().ok_or("no message")?))
}

/// A stream's texts and finish reasons.
async fn drain(mut stream: AnswerStream<ChatCompletionChunk>) -> Result<(Vec<String>, Vec<String>), Error> {
    let (mut texts, mut reasons) = (Vec::new(), Vec::new());
    while let Some(chunk) = stream.next().await {
        for choice in chunk?.choices {
            reasons.extend(choice.finish_reason);
            texts.extend(choice.delta.and_then(|delta| delta.content).filter(|text| !text.is_empty()));
        }
    }
    Ok((texts, reasons))
}

/// A stream whose first piece of text was as it should be.
async fn begun(
    stage: &Stage<'_>,
    client: &Client,
    request: Request<ChatCompletionRequest>,
) -> Result<AnswerStream<ChatCompletionChunk>, String> {
    let mut stream = client.stream(request);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| error.to_string())?;
        let text: String = chunk.choices.into_iter().filter_map(|choice| choice.delta?.content).collect();
        if !text.is_empty() {
            equal(text, &stage.seen["pieces"][0])?;
            return Ok(stream);
        }
    }
    Err("the stream had no piece".into())
}

async fn chat(stage: &Stage<'_>) -> Outcome {
    let answer = stage.client().chat(stage.asked()).await;
    if let Ok(answer) = &answer {
        let answer = answer.get_ref();
        equal(answer.choices[0].finish_reason(), &stage.seen["finish_reason"])?;
        equal(answer.usage.clone().unwrap_or_default().total_tokens(), &stage.seen["total_tokens"])?;
    }
    equal(text(answer)?, &stage.seen["text"])
}

async fn stream(stage: &Stage<'_>) -> Outcome {
    let (texts, reasons) = drain(stage.client().stream(stage.asked())).await.map_err(|error| error.to_string())?;
    equal(texts, &stage.seen["pieces"])?;
    equal(reasons, &json!([stage.seen["finish_reason"]]))
}

async fn tools(stage: &Stage<'_>) -> Outcome {
    let (client, seen, tool) = (stage.client(), &stage.seen, &stage.given["tool"]);
    let word = |name: &str| tool[name].as_str().expect(name);
    let mut request = stage.asked();
    request.tools = vec![function_tool(word("name"), word("description"), word("parameters"))];
    let answer = client.chat(request.clone()).await.map_err(|error| error.to_string())?.into_inner();
    let choice = &answer.choices[0];
    let message = choice.message.clone().ok_or("no message")?;
    let call = message.tool_calls.first().ok_or("no tool was called")?;
    let function = call.function.clone().unwrap_or_default();
    equal(choice.finish_reason(), &seen["finish_reason"])?;
    equal(call.id(), &seen["id"])?;
    equal(function.name(), &seen["name"])?;
    equal(serde_json::from_str::<Value>(function.arguments()).map_err(|error| error.to_string())?, &seen["arguments"])?;
    let result = tool_result(call.id(), stage.given["result"].as_str().expect("a result"));
    request.messages.extend([message, result]);
    equal(text(client.chat(request).await)?, &seen["text"])
}

async fn error(stage: &Stage<'_>) -> Outcome {
    equal_error(stage.client().chat(stage.asked()).await, &stage.seen)
}

async fn stream_error(stage: &Stage<'_>) -> Outcome {
    equal_error(drain(stage.client().stream(stage.asked())).await, &stage.seen)
}

async fn deadline(stage: &Stage<'_>) -> Outcome {
    let mut request = Request::new(stage.asked());
    request.set_timeout(stage.milliseconds("timeout_ms"));
    equal_error(stage.client().chat(request).await, &stage.seen)
}

async fn cancellation(stage: &Stage<'_>) -> Outcome {
    let client = stage.client();
    let stream = begun(stage, &client, Request::new(stage.asked())).await?;
    stage.world.tell("mark");
    drop(stream);
    // The client lives on: it is the stream that is cancelled.
    let problems = stage.world.tell("end")["problems"].clone();
    equal(problems, &json!([]))
}

async fn policy(stage: &Stage<'_>) -> Outcome {
    equal_error(stage.client().chat(stage.asked_with_metadata()).await, &stage.seen)
}

async fn metadata(stage: &Stage<'_>) -> Outcome {
    let answer = stage.client().chat(stage.asked_with_metadata()).await;
    let received = answer.as_ref().map_or_else(|_| MetadataMap::new(), |answer| answer.metadata().clone());
    equal(text(answer)?, &stage.seen["text"])?;
    for (name, value) in stage.seen["metadata"].as_object().expect("metadata") {
        equal(received.get(name).and_then(|value| value.to_str().ok()), value)?;
    }
    Ok(())
}

async fn large(stage: &Stage<'_>) -> Outcome {
    let size = stage.given["prompt_bytes"].as_u64().expect("prompt_bytes") as usize;
    let text = text(stage.client().chat(stage.asking("x".repeat(size))).await)?;
    equal(text.len(), &stage.seen["text_bytes"])?;
    equal(text.matches('x').count(), &stage.seen["text_bytes"])
}

async fn tls(stage: &Stage<'_>) -> Outcome {
    let native = ClientTlsConfig::new().with_native_roots();
    let untrusting = stage.client_over("tls", native, Duration::from_secs(1));
    equal_error(untrusting.chat(stage.asked()).await, &stage.seen["untrusting"])?;
    let trusted = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(stage.pem("ca")));
    let trusting = stage.client_over("tls", trusted, Duration::from_secs(10));
    equal(text(trusting.chat(stage.asked()).await)?, &stage.seen["text"])
}

async fn mtls(stage: &Stage<'_>) -> Outcome {
    let trusted = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(stage.pem("ca")));
    let nameless = stage.client_over("mtls", trusted.clone(), Duration::from_secs(1));
    equal_error(nameless.chat(stage.asked()).await, &stage.seen["nameless"])?;
    let identity = Identity::from_pem(stage.pem("certificate"), stage.pem("certificate_key"));
    let named = stage.client_over("mtls", trusted.identity(identity), Duration::from_secs(10));
    equal(text(named.chat(stage.asked()).await)?, &stage.seen["text"])
}

async fn reconnect(stage: &Stage<'_>) -> Outcome {
    let client = stage.client();
    let stream = begun(stage, &client, Request::new(stage.asked())).await?;
    stage.world.tell(&format!("restart?down_ms={}", stage.given["down_ms"]));
    equal_error(drain(stream).await, &stage.seen["broken"])?;
    equal(text(client.chat(stage.asked()).await)?, &stage.seen["text"])
}

async fn rollout(stage: &Stage<'_>) -> Outcome {
    let client = Client::new(stage.given["target"].as_str().expect("target"), stage.config()).expect("a client");
    for _ in 0..stage.given["calls"].as_u64().expect("calls") {
        equal(text(client.chat(stage.asked()).await)?, &stage.seen["text"])?;
    }
    stage.world.tell(&format!("rollout?late_ms={}", stage.given["late_ms"]));
    equal(text(client.chat(stage.asked()).await)?, &stage.seen["after"])
}

async fn keepalive(stage: &Stage<'_>) -> Outcome {
    let config = Config {
        keepalive_time: stage.milliseconds("keepalive_time_ms"),
        keepalive_timeout: stage.milliseconds("keepalive_timeout_ms"),
        ..stage.config()
    };
    let client = Client::new(stage.world.place("plain"), config).expect("a client");
    let mut request = Request::new(stage.asked());
    request.set_timeout(Duration::from_secs(60));
    let stream = begun(stage, &client, request).await?;
    stage.world.tell("freeze");
    equal_error(drain(stream).await, &stage.seen["broken"])
}

async fn example(stage: &Stage<'_>) -> Outcome {
    let world = stage.world;
    // Beside this test's own folder.
    let program: PathBuf = env::current_exe().expect("a path").parent().expect("a folder").join("../examples/chat");
    let ended = Command::new(program)
        .arg(stage.given["prompt"].as_str().expect("a prompt"))
        .envs([
            ("PORTOLAN_TARGET", world.place("plain")),
            ("PORTOLAN_KEY", world.place("key")),
            ("PORTOLAN_MODEL", world.place("model")),
        ])
        .output()
        .map_err(|error| error.to_string())?;
    equal(String::from_utf8_lossy(&ended.stdout).as_ref(), &stage.seen["output"])
}

/// Runs a scenario once; says how often it may be tried.
async fn attempt(world: &World, name: &str) -> (u64, Outcome) {
    let scenario = world.tell(&format!("begin?name={name}"));
    let stage = Stage { world, given: scenario["given"].clone(), seen: scenario["seen"].clone() };
    let outcome = match name {
        "chat" => chat(&stage).await,
        "stream" => stream(&stage).await,
        "tools" => tools(&stage).await,
        "error" => error(&stage).await,
        "policy" => policy(&stage).await,
        "stream_error" => stream_error(&stage).await,
        "deadline" => deadline(&stage).await,
        "cancellation" => return (stage.given["tries"].as_u64().unwrap_or(1), cancellation(&stage).await),
        "metadata" => metadata(&stage).await,
        "large" => large(&stage).await,
        "tls" => tls(&stage).await,
        "mtls" => mtls(&stage).await,
        "reconnect" => reconnect(&stage).await,
        "rollout" => rollout(&stage).await,
        "keepalive" => keepalive(&stage).await,
        "example" => example(&stage).await,
        _ => Err("nobody runs it".into()),
    };
    let verdict = equal(world.tell("end")["problems"].clone(), &json!([]));
    (1, outcome.and(verdict))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios() {
    let world = World::start();
    let is_control = world.places["control"].as_bool().expect("control");
    let (mut failed, mut unreached) = (Vec::new(), 0);
    let names: Vec<String> = serde_json::from_value(world.places["scenarios"].clone()).expect("names");
    for name in &names {
        let (mut tries, mut outcome) = attempt(&world, name).await;
        while outcome.is_err() && tries > 1 && !is_control {
            (_, outcome) = attempt(&world, name).await;
            tries -= 1;
        }
        match outcome {
            Err(problem) if !is_control => failed.push(format!("{name}: {problem}")),
            Ok(()) if is_control => failed.push(format!("{name}: passes although nothing reached the upstream")),
            Err(problem) if problem.contains("no request reached the upstream") => unreached += 1,
            _ => {}
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    // Most of the control's answers are just right: those must have failed for want of a request upstream.
    assert!(!is_control || unreached >= names.len() / 2, "only {unreached} failed as nothing reached the upstream");
    if !is_control {
        check_readme(&world);
    }
}

/// The README's program, of which PORTOLAN_README is what was built, at the address that the world has.
fn check_readme(world: &World) {
    let program = env::var("PORTOLAN_README").expect("PORTOLAN_README is not set: scripts/test-clients rust sets it");
    let ended = Command::new(program).env("PORTOLAN_TARGET", world.place("plain")).output().expect("the program");
    let output = String::from_utf8_lossy(&ended.stdout);
    assert!(output.contains("Hello"), "{output}{}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    let headers = HashMap::from([("x-portolan-trace-id".into(), "a\r\nb".into())]);
    for (target, config) in [
        ("127.0.0.1:1", Config { headers, ..Config::default() }),
        ("127.0.0.1:1", Config::with_key("a\nb")),
        ("no target", Config::default()),
    ] {
        let error = Client::new(target, config).expect_err("a client");
        assert_eq!((error.class().as_str(), error.code()), ("caller", "invalid_argument"), "{error}");
    }
}

#[tokio::test]
async fn calls_and_streams_go_to_other_tasks() {
    fn can_go<T: Send + 'static>(_: T) {}
    let client: &'static Client = Box::leak(Box::new(Client::new("127.0.0.1:1", Config::default()).expect("a client")));
    can_go(client.chat(ChatCompletionRequest::default()));
    can_go(client.stream(ChatCompletionRequest::default()));
}
