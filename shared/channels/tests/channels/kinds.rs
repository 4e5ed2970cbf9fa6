//! Known answers: what each type sends for every kind of message.

use valpero_channels::{Kind, Outgoing, render};

use super::{KINDS, message, refusals, settings, thread};

/// What is sent, as a person reads it.
fn shown(outgoing: &Outgoing) -> String {
    match outgoing {
        Outgoing::Nothing { why } => format!("(nothing: {why})"),
        Outgoing::Mail(mail) => {
            let headers: Vec<String> = mail.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            let to = mail.to.join(", ");
            format!("To: {to}\nSubject: {}\n{}\n\n{}\n\n{}", mail.subject, headers.join("\n"), mail.text, mail.html)
        }
        Outgoing::Http(request) => {
            let headers: Vec<String> =
                request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            let body = match serde_json::from_slice::<serde_json::Value>(&request.body) {
                Ok(json) => serde_json::to_string_pretty(&json).expect("JSON"),
                Err(_) => String::from_utf8_lossy(&request.body).into_owned(),
            };
            format!("{} {}\n{}\n{body}", request.method, request.url, headers.concat())
        }
    }
}

#[test]
fn every_type_tells_of_everything() {
    for kind in KINDS {
        let settings = settings(kind);
        let mut told = Vec::new();
        for news in Kind::ALL {
            let message = message(news);
            // Later news of an incident go to where its first message is.
            let follows = matches!(news, Kind::Acknowledged | Kind::Commented | Kind::Resolved | Kind::Reminded);
            let first = thread("4711");
            let outgoing = render(&settings, &message, follows.then_some(&first)).expect("rendered");
            assert_eq!(refusals::refusal(kind, &outgoing), None, "{kind}: {}", news.as_str());
            told.push(format!("## {}\n{}", news.as_str(), shown(&outgoing)));
        }
        insta::assert_snapshot!(kind, told.join("\n\n"));
    }
}
