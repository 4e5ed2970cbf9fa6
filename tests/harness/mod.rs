//! What every test stands on: a world with its own store, clock and network peers.

mod crash;
mod crowd;
mod documented;
mod lanes;
mod mailbox;
mod ours;
pub mod people;
mod policy;
mod receiver;
mod reply;
mod site;
pub mod template;
mod traffic;
mod world;

pub use crash::Crashes;
pub use crowd::Crowd;
pub use lanes::{At, Lane, RECORD};
pub use mailbox::{Mailbox, bounce, bounce_of_subscriber};
pub use ours::{NameServer, Ours};
pub use people::Browser;
pub use policy::{Policies, as_function, granted};
pub use receiver::{Delivered, NO_ANSWER, Receiver};
pub use reply::Reply;
pub use site::Site;
pub use traffic::Traffic;
pub use world::{Tenant, World, WorldOptions, changing_names, fixed_names, turning_names};
