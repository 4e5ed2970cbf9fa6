//! A webhook receiver that remembers what it got and answers as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// In the place of a status: the receiver takes the request and closes the connection without an answer.
pub const NO_ANSWER: u16 = 0;

/// One POST that arrived.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its raw body.
    pub raw: Bytes,
    /// Its body.
    pub json: Value,
    /// The status that it was answered with.
    pub answered: u16,
}

impl Delivered {
    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What it tells.
    pub fn event(&self) -> &str {
        self.json["type"].as_str().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Memory {
    delivered: Vec<Delivered>,
    answers: VecDeque<(u16, Option<String>)>,
}

/// A receiver on a port of its own.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
    server: JoinHandle<()>,
}

impl Receiver {
    /// A receiver that answers 204.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let memory = Arc::new(Mutex::new(Memory::default()));
        let router = Router::new().fallback(receive).with_state(Arc::clone(&memory));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { address, memory, server }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next answers, each with a `Retry-After` or none; 204 when they are used up.
    pub fn will_answer(&self, answers: impl IntoIterator<Item = (u16, Option<&'static str>)>) {
        let answers = answers.into_iter().map(|(status, wait)| (status, wait.map(str::to_owned)));
        self.memory.lock().expect("unpoisoned").answers.extend(answers);
    }

    /// No more answers but 204.
    pub fn recovers(&self) {
        self.memory.lock().expect("unpoisoned").answers.clear();
    }

    /// Everything that arrived.
    pub fn delivered(&self) -> Vec<Delivered> {
        self.memory.lock().expect("unpoisoned").delivered.clone()
    }

    /// What each of them told.
    pub fn events(&self) -> Vec<String> {
        self.delivered().iter().map(|delivered| delivered.event().to_owned()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(memory): State<Arc<Mutex<Memory>>>, headers: HeaderMap, raw: Bytes) -> Response {
    let mut memory = memory.lock().expect("unpoisoned");
    let json = serde_json::from_slice(&raw).unwrap_or_default();
    let (status, wait) = memory.answers.pop_front().unwrap_or((204, None));
    memory.delivered.push(Delivered { headers, raw, json, answered: status });
    drop(memory);
    if status == NO_ANSWER {
        // The connection ends with its task.
        std::panic::resume_unwind(Box::new("no answer"));
    }
    let status = StatusCode::from_u16(status).expect("a status");
    match wait {
        Some(wait) => (status, [(header::RETRY_AFTER, wait)]).into_response(),
        None => status.into_response(),
    }
}
