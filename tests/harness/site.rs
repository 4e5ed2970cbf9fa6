//! A web site to monitor, which can be broken and mended.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// What the site does with a request: these bytes, or nothing but to close the connection.
type Answer = Option<Vec<u8>>;

/// A site on a port of its own.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Site {
    /// A site that answers 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answer = Arc::new(Mutex::new(Some(status_line(200))));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let server = tokio::spawn(serve(listener, Arc::clone(&answer), Arc::clone(&requests)));
        Self { address, answer, requests, server }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// From now on it answers this status.
    pub fn answers(&self, status: u16) {
        self.says(&status_line(status));
    }

    /// From now on it sends these bytes.
    pub fn says(&self, bytes: &[u8]) {
        *self.answer.lock().expect("unpoisoned") = Some(bytes.to_vec());
    }

    /// From now on it closes connections without an answer.
    pub fn hangs_up(&self) {
        *self.answer.lock().expect("unpoisoned") = None;
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("unpoisoned").clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn status_line(status: u16) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

async fn serve(listener: TcpListener, answer: Arc<Mutex<Answer>>, requests: Arc<Mutex<Vec<String>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let (answer, requests) = (Arc::clone(&answer), Arc::clone(&requests));
        tokio::spawn(async move {
            let mut head = vec![0; 8192];
            let read = stream.read(&mut head).await.unwrap_or(0);
            requests.lock().expect("unpoisoned").push(String::from_utf8_lossy(&head[..read]).into_owned());
            let bytes = answer.lock().expect("unpoisoned").clone();
            if let Some(bytes) = bytes {
                // The prober may have gone: that is its right.
                let _gone = stream.write_all(&bytes).await;
            }
        });
    }
}
