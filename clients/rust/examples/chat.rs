//! Streams an answer: chat PROMPT, with PORTOLAN_TARGET (host:port), PORTOLAN_KEY and PORTOLAN_MODEL in the environment.

use std::env;
use std::io::{Write, stdout};
use std::process::ExitCode;

use portolan_client::v1::ChatCompletionRequest;
use portolan_client::{Client, Config, Error, user};

fn from_environment(name: &str, fallback: &str) -> String {
    env::var(name).unwrap_or_else(|_| fallback.into())
}

async fn run(prompt: &str) -> Result<(), Error> {
    let config = Config { key: env::var("PORTOLAN_KEY").ok(), ..Config::default() };
    let client = Client::new(&from_environment("PORTOLAN_TARGET", "127.0.0.1:50051"), config)?;
    let request = ChatCompletionRequest {
        model: Some(from_environment("PORTOLAN_MODEL", "echo/echo")),
        messages: vec![user(prompt)],
        ..Default::default()
    };
    let mut stream = client.stream(request);
    while let Some(chunk) = stream.next().await {
        for choice in chunk?.choices {
            print!("{}", choice.delta.unwrap_or_default().content());
            let _ = stdout().flush(); // who reads has gone: the next line says so
        }
    }
    println!();
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(prompt) = env::args().nth(1) else {
        eprintln!("usage: chat PROMPT");
        return ExitCode::from(2);
    };
    match run(&prompt).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(delay) = error.retry_delay() {
                eprintln!("try again in {delay:?}");
            }
            ExitCode::FAILURE
        }
    }
}
