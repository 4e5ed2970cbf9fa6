//! `valpero up`: starts the stack, gives it its schedule, serves its API, and ends it cleanly.

use std::{
    error::Error,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use valpero_checker::{BACKOFF, Checker, CheckerEvent};
use valpero_domain::{Plan, PublicUrl, Scopes, Timestamp, mail_address::MailAddress, rollup::Span};
use valpero_mail::{Folder, Mailer};
use valpero_outbound::{Guard, Outbound};
use valpero_runtime::{
    Clock,
    telemetry::{self, chain},
};
use valpero_storage::{Mailed, Store};

use crate::{
    args::{PrivateTargets, UpArgs},
    data::DataDir,
    embedded::Embedded,
    handles, health,
    mail::Post,
    operator, proxy,
    screen::Screen,
    services::Services,
    ses::Ses,
    stack::{Parts, STACK, Stack},
    users,
};

type Failure = Box<dyn Error + Send + Sync>;

/// Default of `VALPERO_LOG`. The store's own warnings are our conditional writes that did not apply.
const LOG: &str = "warn,dynoxide=error";

/// What is under way when it ends gets so long to finish; what does not is taken up at the next start.
const LAST_WORK: Duration = Duration::from_secs(10);

/// Seconds into the hour at which the hour before is summed up: as the template schedules it.
const ROLLUP_S: i64 = 7 * 60;

/// How often the queue is looked at for messages whose delay is over.
const QUEUE_POLL: Duration = Duration::from_millis(500);

/// States that each region's checker writes at the same time. The embedded store does one thing after the other, so that more would only
/// keep those waiting who read, such as a scrape of the metrics just in an outage.
const WRITES: usize = 2;

pub(crate) async fn run(args: UpArgs) -> Result<(), Failure> {
    // Standard output belongs to the screen.
    telemetry::start_on(std::io::stderr, LOG);
    let screen = Screen::new(args.json);
    screen.say("Valpero is starting …");
    if args.services_only && args.addr.ip().is_unspecified() {
        return Err("--services-only needs one address of this machine that the functions reach, such as --addr 172.17.0.1:3001".into());
    }
    let listener = TcpListener::bind(args.addr)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}; name another address with --addr", args.addr))?;
    let address = listener.local_addr()?;
    let directory = if args.memory { None } else { Some(DataDir::take(&args.data)?) };
    let embedded = match &directory {
        Some(directory) => directory.serve()?,
        None => Embedded::in_memory()?,
    };
    let handles = handles::raise();
    let post = args.mail.mailer(directory.as_ref().map(|_| args.data.as_path()))?;
    let parts = parts(&args, &embedded, address, handles, post.mailer.clone())?;
    if let Some(warning) = handles::warning(handles, parts.regions.len()) {
        tracing::warn!(handles, "{warning}");
        screen.say(&warning);
    }
    let stack = Stack::assemble(parts).await?;
    if let Some(directory) = &directory {
        directory.note_use()?;
        directory.announce(&embedded)?;
    }
    let router = match &directory {
        Some(directory) if args.services_only => {
            let access_key = access_key()?;
            let variables = directory.write_sam_variables(&sam_variables(address, private_targets(&args), &post))?;
            let token = first_key(screen, &stack.app.store, &args, &post).await?;
            welcome_services(screen, address, &access_key, &variables, token.as_deref());
            let Stack { queue, bus, app, .. } = stack.clone();
            let folder = Folder::new(&args.data.join("mail"), &post.from)?;
            let ses = Ses::new(Arc::new(folder), post.from);
            Services::new(embedded.address(), queue, bus, ses, app.clock, &access_key).router()
        }
        _ => {
            let token = first_key(screen, &stack.app.store, &args, &post).await?;
            let public_url = public_url(&args, address)?;
            if let Some(directory) = &directory {
                directory.note_public_url(&public_url)?;
            }
            let link = first_link(&stack.app.store, &public_url).await?;
            let first = First { token, link };
            welcome(screen, &args, address, &post, &first, &public_url);
            let router = proxy::behind(&args.trusted_proxy, stack.router());
            match &directory {
                Some(_) => health::watched(router, &args.data),
                None => router,
            }
        }
    };

    let (stop, stopping) = watch::channel(false);
    let work = work(&stack, &stopping);
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
    let mut until = stopping.clone();
    let served = tokio::spawn(server.with_graceful_shutdown(async move { wait(&mut until).await }).into_future());
    end_signal().await?;
    screen.say("Stopping …");
    stop.send_replace(true);
    end(work, served).await;
    screen.say(if args.memory { "Stopped." } else { "Stopped. All data is kept." });
    Ok(())
}

fn private_targets(args: &UpArgs) -> bool {
    args.private_targets == PrivateTargets::Allow
}

/// Base of the links in messages: --public-url. Default: the address of --addr; the loopback address if that is 0.0.0.0 or ::.
fn public_url(args: &UpArgs, address: SocketAddr) -> Result<PublicUrl, Failure> {
    let listens = match (address.ip().is_unspecified(), address.is_ipv4()) {
        (true, true) => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        (true, false) => SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())),
        (false, _) => address,
    };
    Ok(match &args.public_url {
        Some(url) => url.clone(),
        None => format!("http://{listens}").parse()?,
    })
}

fn parts(
    args: &UpArgs,
    embedded: &Embedded,
    address: SocketAddr,
    handles: u64,
    mailer: Mailer,
) -> Result<Parts, Failure> {
    let private_targets = private_targets(args);
    let mut own = vec![embedded.address()];
    if args.services_only {
        own.push(address);
    }
    let guard = if private_targets { Guard::allowing_private(own) } else { Guard::public_only() };
    let mut regions = args.regions.clone();
    regions.sort_unstable();
    regions.dedup();
    Ok(Parts {
        client: embedded.client(),
        writes_per_region: WRITES,
        sockets_per_region: handles::sockets_per_region(handles, regions.len()),
        regions,
        private_targets,
        public_url: public_url(args, address)?,
        clock: Clock::system(),
        outbound: Outbound::of_system(guard)?,
        public_tools: args.public_tools,
        mail_rate: args.mail.rate,
        mailer,
        backoff: BACKOFF,
    })
}

/// On the first start of some data: an account, and a key that may do everything. A start that was killed between the two
/// is still the first.
async fn first_key(screen: Screen, store: &Store, args: &UpArgs, post: &Post) -> Result<Option<String>, Failure> {
    let account = match store.accounts().await?.as_slice() {
        [] => {
            let owner = args.owner.as_ref().map_or(NOBODY, MailAddress::as_given);
            operator::create_account(store, owner, Plan::Business, alerts(args, post)).await?.id
        }
        [only] if store.keys(only.id).await?.is_empty() => only.id,
        [only] => {
            let other = args.owner.as_ref().filter(|owner| !owner.as_given().eq_ignore_ascii_case(&only.email));
            if let Some(owner) = other {
                screen.say(&format!(
                    "--owner {owner} changes nothing: this data has an account already, of {}. docs/ALERTS.md says how to tell others.",
                    only.email
                ));
            }
            return Ok(None);
        }
        _ => return Ok(None),
    };
    let (_, token) = operator::mint(store, account, "first key", Scopes::all()).await?;
    Ok(Some(token.reveal().to_owned()))
}

/// The link by which the first person comes in, while nobody belongs to the only account.
async fn first_link(store: &Store, public_url: &PublicUrl) -> Result<Option<String>, Failure> {
    match store.accounts().await?.as_slice() {
        [only] => users::first_link(store, only.id, public_url).await,
        _ => Ok(None),
    }
}

/// What is shown once.
struct First {
    /// Token of the first key; none on later starts.
    token: Option<String>,
    /// Link by which the first person comes in; none once somebody has.
    link: Option<String>,
}

/// Owner of the first account. Default for `--owner`; mail to it is kept as files.
const NOBODY: &str = "owner@localhost";

/// Whether the first account alerts its owner by mail: not where a server would be asked to send to nobody.
fn alerts(args: &UpArgs, post: &Post) -> Mailed {
    let arrives = args.owner.is_some() || matches!(post.mailer, Mailer::Folder(_));
    if arrives { Mailed::Yes } else { Mailed::No }
}

/// Where the alerts of the first account go.
fn alerts_go(args: &UpArgs, post: &Post) -> String {
    match alerts(args, post) {
        Mailed::Yes => format!(
            "by mail to {}; docs/ALERTS.md says how to get them elsewhere",
            args.owner.as_ref().map_or(NOBODY, MailAddress::as_given)
        ),
        Mailed::No => "to nobody: --owner ADDRESS, or docs/ALERTS.md, says where they go".to_owned(),
    }
}

fn welcome(screen: Screen, args: &UpArgs, address: SocketAddr, post: &Post, first: &First, public_url: &PublicUrl) {
    let First { token, link } = first;
    let url = format!("http://{address}");
    let regions: Vec<&str> = args.regions.iter().map(|region| region.as_str()).collect();
    let data = if args.memory { "in memory, gone when this stops".into() } else { args.data.display().to_string() };
    let private = match args.private_targets {
        PrivateTargets::Allow => {
            "allowed: monitors and webhooks may reach this machine and its network (--private-targets deny forbids it)"
        }
        PrivateTargets::Deny => "denied: only the public internet, as on AWS",
    };
    let alerted =
        token.as_ref().map_or_else(String::new, |_| format!("  alerts           {}\n", alerts_go(args, post)));
    let open = match link {
        Some(link) => format!("Open this in a browser to choose your password. It is good once:\n\n  {link}\n\n"),
        None => format!("The dashboard is at {public_url}\n\n"),
    };
    let key = match token {
        Some(token) => format!(
            "For programs, a key with every scope. It is shown this once:\n\n  export VALPERO_KEY={token}\n\n\
             Try it:\n\n  \
             curl -s {url}/api/v1/account -H \"Authorization: Bearer $VALPERO_KEY\"\n  \
             curl -s {url}/api/v1/monitors -H \"Authorization: Bearer $VALPERO_KEY\" \\\n    \
             -H \"Content-Type: application/json\" -d '{{\"url\": \"https://example.com/\"}}'"
        ),
        None => "Existing keys stay valid. `valpero account list` shows the account's ID, `valpero key mint --account ID --name NAME` creates another key.".to_owned(),
    };
    let text = format!(
        "Valpero is up at {url}\n\n  \
         regions          {}, each checking once a minute\n  \
         data             {data}\n  \
         private targets  {private}\n  \
         mail             {}\n  \
         links            those in alerts begin with {public_url} (--public-url URL changes it)\n{alerted}\n{open}{key}\n\nCtrl-C stops it.",
        regions.join(", "),
        post.says
    );
    screen.result(&json!({"url": url, "key": token, "link": link}), &text);
}

/// Who may use the services: a name that nobody guesses, in the place of an AWS access key.
fn access_key() -> Result<String, Failure> {
    let bytes: [u8; 16] = valpero_auth::random_bytes();
    Ok(format!("VALPERO{}", hex::encode_upper(bytes)))
}

/// The variables of the functions of the template under `sam local`, in the form of its `--env-vars`.
fn sam_variables(address: SocketAddr, private_targets: bool, post: &Post) -> Value {
    // A container's own loopback is not this machine's.
    let endpoint = if address.ip().is_loopback() {
        format!("http://host.docker.internal:{}", address.port())
    } else {
        format!("http://{address}")
    };
    json!({"Parameters": {
        "VALPERO_STACK": STACK,
        "VALPERO_QUEUE_URL": format!("{endpoint}/{STACK}-webhooks"),
        "VALPERO_ENDPOINT_URL": endpoint,
        "VALPERO_PRIVATE_TARGETS": if private_targets { "allow" } else { "deny" },
        "VALPERO_MAIL_FROM": post.from.as_str(),
    }})
}

fn welcome_services(screen: Screen, address: SocketAddr, access_key: &str, variables: &Path, token: Option<&str>) {
    let variables = variables.display().to_string();
    let url = format!("http://{address}");
    let key = token.map_or_else(String::new, |token| format!("  export VALPERO_KEY={token}\n"));
    let text = format!(
        "Valpero's store, queue, bus, checkers and webhook worker are up, without the API.\n\n  \
         services   {url}, for requests that are signed with this access key\n\n\
         {key}  export AWS_ACCESS_KEY_ID={access_key} AWS_SECRET_ACCESS_KEY=any\n  \
         sam local start-api --region eu-north-1 --env-vars {variables}\n\nCtrl-C stops it."
    );
    screen.result(&json!({"url": url, "key": token, "access_key_id": access_key, "env_vars": variables}), &text);
}

/// The schedule, the queue, the bus and the sweep: what AWS does around the functions.
fn work(stack: &Stack, stopping: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut work = JoinSet::new();
    for checker in &stack.checkers {
        work.spawn(schedule(checker.clone(), stack.app.clock.clone(), stopping.clone()));
    }
    work.spawn(deliveries(stack.clone(), stopping.clone()));
    work.spawn(events(stack.clone(), stopping.clone()));
    work.spawn(sweeps(stack.clone(), stopping.clone()));
    work.spawn(rollups(stack.clone(), stopping.clone()));
    work
}

/// One region's ticks. A tick that takes longer than a minute does not hold up the next.
async fn schedule(checker: Checker, clock: Clock, mut stopping: watch::Receiver<bool>) {
    let mut ticks = JoinSet::new();
    loop {
        let now = clock.now();
        let next = now.start_of_minute().plus_seconds(60);
        tokio::select! {
            () = sleep_until(now, next) => {}
            () = wait(&mut stopping) => break,
        }
        while ticks.try_join_next().is_some() {}
        let checker = checker.clone();
        ticks.spawn(async move {
            if let Err(error) = checker.handle(&CheckerEvent::scheduled(next)).await {
                tracing::error!(region = %checker.region(), error = chain(&error), "a tick failed");
            }
        });
    }
    while ticks.join_next().await.is_some() {}
}

async fn sleep_until(now: Timestamp, next: Timestamp) {
    let ms = u64::try_from(next.ms_since(now)).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

async fn deliveries(stack: Stack, mut stopping: watch::Receiver<bool>) {
    let mut batches = JoinSet::new();
    loop {
        tokio::select! {
            () = stack.queue.arrival() => {}
            () = tokio::time::sleep(QUEUE_POLL) => {}
            () = wait(&mut stopping) => break,
        }
        while batches.try_join_next().is_some() {}
        let stack = stack.clone();
        // A receiver that hangs holds up its own batch alone.
        batches.spawn(async move {
            loop {
                match stack.deliver_batch().await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::error!(error = chain(&error), "a batch of deliveries failed");
                        break;
                    }
                }
            }
        });
    }
    while batches.join_next().await.is_some() {}
}

async fn events(stack: Stack, mut stopping: watch::Receiver<bool>) {
    let mut handled = JoinSet::new();
    loop {
        tokio::select! {
            () = stack.bus.arrival() => {}
            () = wait(&mut stopping) => break,
        }
        while handled.try_join_next().is_some() {}
        let stack = stack.clone();
        handled.spawn(async move {
            stack.drain_events().await;
        });
    }
    // Those that were answered 202 in the last moment.
    stack.drain_events().await;
    while handled.join_next().await.is_some() {}
}

/// At once, for what was left by the last stop; then every minute.
async fn sweeps(stack: Stack, mut stopping: watch::Receiver<bool>) {
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        tokio::select! {
            _ = minute.tick() => {}
            () = wait(&mut stopping) => return,
        }
        if let Err(error) = stack.delivery.sweep().await {
            tracing::error!(error = chain(&error), "a sweep of the deliveries failed");
        }
    }
}

/// At once, for what was over while nothing ran; then whenever an hour is, and its last checks are in.
async fn rollups(stack: Stack, mut stopping: watch::Receiver<bool>) {
    loop {
        if let Err(error) = stack.roll_up().await {
            tracing::error!(error = chain(&error), "summing checks up failed; the next hour takes it up");
        }
        let now = stack.app.clock.now();
        let next = Span::Hour.start(now.plus_seconds(-ROLLUP_S)).plus_seconds(Span::Hour.seconds() + ROLLUP_S);
        tokio::select! {
            () = sleep_until(now, next) => {}
            () = wait(&mut stopping) => return,
        }
    }
}

async fn wait(stopping: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which is the end as well.
    let _gone = stopping.wait_for(|stop| *stop).await;
}

async fn end_signal() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate())?;
        tokio::select! {
            ctrl_c = tokio::signal::ctrl_c() => ctrl_c?,
            _ = term.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Lets what is under way finish, for a while; every step of it may be repeated after the next start.
async fn end(mut work: JoinSet<()>, served: tokio::task::JoinHandle<std::io::Result<()>>) {
    let finish = async {
        while work.join_next().await.is_some() {}
        if let Ok(Err(error)) = served.await {
            tracing::error!(%error, "the API stopped");
        }
    };
    if tokio::time::timeout(LAST_WORK, finish).await.is_err() {
        tracing::warn!("some work was cut off; the next start takes it up");
    }
}
