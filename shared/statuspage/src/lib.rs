//! How a status page speaks, wherever it does: its words in five languages, its times, Markdown as HTML, JSON in the shape of Atlassian
//! Statuspage, and what its subscribers are sent. Pure.

pub mod json;
pub mod letter;
pub mod markdown;
pub mod texts;
pub mod times;

pub use texts::{Texts, texts};
pub use times::{Month, Time, Times};
