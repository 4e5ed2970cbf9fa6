//! The embedded DynamoDB: dynoxide on a loopback port, in a thread of its own, on a file or in memory.
//!
//! It runs SQLite inside its handlers, so it gets a runtime of its own that may block.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    thread::JoinHandle,
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
};
use dynoxide::Database;
use tokio::sync::oneshot;

/// How often items whose time to live is over are taken away; DynamoDB promises "within a few days".
const TTL_SWEEP: Duration = Duration::from_secs(600);

/// The embedded store, running until it is dropped.
#[derive(Debug)]
pub struct Embedded {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The embedded store did not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The file cannot be used.
    #[error("the data file {0} cannot be opened: {1}")]
    File(String, String),
    /// No port, or no thread.
    #[error("the embedded store cannot listen on a loopback port")]
    Listen(#[from] io::Error),
}

impl Embedded {
    /// A store that forgets.
    ///
    /// # Errors
    /// Where it cannot listen.
    pub fn in_memory() -> Result<Self, EmbeddedError> {
        let database =
            Database::memory().map_err(|error| EmbeddedError::File("in memory".into(), error.to_string()))?;
        Self::serve(database)
    }

    /// The store on this file, made where it does not exist.
    ///
    /// # Errors
    /// Where the file cannot be used, or it cannot listen.
    pub fn on_file(path: &Path) -> Result<Self, EmbeddedError> {
        let text = path.display().to_string();
        let database = Database::new(&text).map_err(|error| EmbeddedError::File(text, error.to_string()))?;
        Self::serve(database)
    }

    fn serve(database: Database) -> Result<Self, EmbeddedError> {
        let listener = listen()?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("embedded-store".into()).spawn(move || {
            runtime.block_on(run(listener, database, stopped));
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens; nothing that users name may ever be connected to it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of this store.
    pub fn client(&self) -> Client {
        client(&format!("http://{}", self.address))
    }
}

/// A port on an address of the loopback network that nobody guesses: the store asks for no password, and a page in a browser on
/// this machine must not find it. Where the system has only 127.0.0.1 (macOS), it is that.
fn listen() -> io::Result<std::net::TcpListener> {
    let [a, b, c] = valpero_auth::random_bytes();
    let hidden = Ipv4Addr::new(127, a, b, c.clamp(1, 254));
    std::net::TcpListener::bind((hidden, 0)).or_else(|_| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
}

async fn run(listener: std::net::TcpListener, database: Database, stopped: oneshot::Receiver<()>) {
    let sweeper = database.clone();
    let sweep = async move {
        let mut interval = tokio::time::interval(TTL_SWEEP);
        loop {
            interval.tick().await;
            if let Err(error) = sweeper.sweep_ttl() {
                tracing::warn!(%error, "items whose time is over were not taken away");
            }
        }
    };
    let serve = async move {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
        dynoxide::server::serve_with_shutdown(listener, database, async {
            // Dropped or sent: either way it is time to stop.
            let _stopped = stopped.await;
        })
        .await
    };
    tokio::select! {
        () = sweep => {}
        served = serve => if let Err(error) = served {
            tracing::error!(error, "the embedded store stopped");
        },
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return };
        // Open connections keep it from ending by itself; every answered write is on disk already.
        drop(thread);
    }
}

/// A client of the embedded store at this URL. Its keys are a form: the store asks for none.
pub fn client(url: &str) -> Client {
    Client::from_conf(config(url).build())
}

/// The configuration of such a client.
pub fn config(url: &str) -> aws_sdk_dynamodb::config::Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("local"))
        .credentials_provider(Credentials::new("local", "local", None, None, "valpero"))
        .endpoint_url(url)
}
