//! Drives async-openai: see ../../scenarios/driver.py, which it answers.

mod page_openai;

use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{ChatCompletionMessageToolCalls, CreateChatCompletionRequest};
use async_openai::types::embeddings::CreateEmbeddingRequest;
use async_openai::Client;
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{json, Value};
use std::collections::HashMap;
use std::error::Error;
use std::io::BufRead;
use std::time::Duration;

type Answer = Result<Value, Box<dyn Error>>;

#[derive(Deserialize)]
struct Request {
    #[serde(rename = "do")]
    what: String,
    url: String,
    key: String,
    model: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    timeout_ms: Option<u64>,
}

impl Request {
    fn client(&self) -> Result<Client<OpenAIConfig>, Box<dyn Error>> {
        let mut config = OpenAIConfig::new()
            .with_api_base(self.url.clone() + "/v1")
            .with_api_key(&self.key);
        for (name, value) in &self.headers {
            config = config.with_header(
                reqwest::header::HeaderName::from_bytes(name.as_bytes())?,
                value.as_str(),
            )?;
        }
        let mut http = reqwest::Client::builder();
        if let Some(limit) = self.timeout_ms {
            http = http.timeout(Duration::from_millis(limit));
        }
        Ok(Client::with_config(config).with_http_client(http.build()?))
    }

    /// A chat with these members besides the usual ones, in the SDK's types.
    fn chat(&self, more: Value) -> Result<CreateChatCompletionRequest, serde_json::Error> {
        let mut body = json!({
            "model": self.model,
            "max_completion_tokens": 64,
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        serde_json::from_value(body)
    }
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": false,
    })
}

async fn chat(request: &Request) -> Answer {
    let answer = request
        .client()?
        .chat()
        .create(request.chat(json!({}))?)
        .await?;
    let usage = answer.usage.ok_or("no usage")?;
    let text = &answer.choices[0].message.content;
    Ok(json!({"text": text, "usage": [usage.prompt_tokens, usage.completion_tokens]}))
}

async fn stream(request: &Request) -> Answer {
    let client = request.client()?;
    let mut chunks = client
        .chat()
        .create_stream(request.chat(json!({}))?)
        .await?;
    let mut pieces = Vec::new();
    while let Some(chunk) = chunks.next().await {
        pieces.extend(
            chunk?
                .choices
                .into_iter()
                .filter_map(|choice| choice.delta.content),
        );
    }
    Ok(json!({ "pieces": pieces }))
}

async fn tools(request: &Request) -> Answer {
    let client = request.client()?;
    let weather =
        json!({"name": "weather", "description": "Tells the weather.", "parameters": schema()});
    let mut asked = request.chat(json!({"tools": [{"type": "function", "function": weather}]}))?;
    let asking = client.chat().create(asked.clone()).await?;
    let calls = asking.choices[0]
        .message
        .tool_calls
        .clone()
        .ok_or("no calls")?;
    let ChatCompletionMessageToolCalls::Function(call) = &calls[0] else {
        return Err("no function".into());
    };
    let arguments: Value = serde_json::from_str(&call.function.arguments)?;
    for message in [
        json!({"role": "assistant", "tool_calls": calls}),
        json!({"role": "tool", "tool_call_id": call.id, "content": "sunny"}),
    ] {
        asked.messages.push(serde_json::from_value(message)?);
    }
    let told = client.chat().create(asked).await?;
    Ok(json!({"call": arguments, "text": told.choices[0].message.content}))
}

async fn structured(request: &Request) -> Answer {
    let format = json!({"type": "json_schema", "json_schema": {"name": "city", "schema": schema(), "strict": true}});
    let asked = request.chat(json!({ "response_format": format }))?;
    let answer = request.client()?.chat().create(asked).await?;
    let text = answer.choices[0]
        .message
        .content
        .as_deref()
        .ok_or("no text")?;
    Ok(json!({"value": serde_json::from_str::<Value>(text)?}))
}

async fn embed(request: &Request) -> Answer {
    let asked: CreateEmbeddingRequest =
        serde_json::from_value(json!({"model": request.model, "input": ["one", "two"]}))?;
    let answer = request.client()?.embeddings().create(asked).await?;
    let vectors: Vec<_> = answer.data.into_iter().map(|each| each.embedding).collect();
    Ok(json!({ "vectors": vectors }))
}

async fn models(request: &Request) -> Answer {
    let answer = request.client()?.models().list().await?;
    let ids: Vec<_> = answer.data.into_iter().map(|model| model.id).collect();
    Ok(json!({ "ids": ids }))
}

/// What the SDK's error tells, if it is one.
fn told(error: &(dyn Error + 'static)) -> Option<Value> {
    match error.downcast_ref::<OpenAIError>()? {
        OpenAIError::ApiError(refused) => Some(json!({
            "status": refused.status_code.as_u16(),
            "message": refused.api_error.message,
            "type": refused.api_error.r#type,
            "code": refused.api_error.code,
        })),
        OpenAIError::Reqwest(error) if error.is_timeout() => {
            Some(json!({"message": error.to_string(), "timeout": true}))
        }
        _ => None,
    }
}

async fn serve(line: &str) -> Answer {
    let request: Request = serde_json::from_str(line)?;
    let answer = match request.what.as_str() {
        "chat" => chat(&request).await,
        "stream" => stream(&request).await,
        "tools" => tools(&request).await,
        "structured" => structured(&request).await,
        "embed" => embed(&request).await,
        "models" => models(&request).await,
        other => Err(format!("there is no {other}").into()),
    };
    answer.or_else(|error| match told(error.as_ref()) {
        Some(failed) => Ok(json!({ "failed": failed })),
        None => Err(error),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("page") {
        return page_openai::run().await;
    }
    for line in std::io::stdin().lock().lines() {
        let answer = serve(&line?).await;
        println!(
            "{}",
            answer.unwrap_or_else(|error| json!({"broken": format!("{error:?}")}))
        );
    }
    Ok(())
}
