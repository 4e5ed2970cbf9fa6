// Shows times in the reader's own time zone, and renews the front once a minute while it is looked at. Pages are whole without it.
"use strict";
const lang = document.documentElement.lang;

const words = new Intl.DateTimeFormat(lang, {
  year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
});

const clock = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit", timeZoneName: "short" });

// The end of a time range follows its begin in the page. Without the date if both are on the same day.
function format(time, at) {
  const from = time.previousElementSibling;
  const isSameDay = from instanceof HTMLTimeElement && new Date(from.dateTime).toDateString() === at.toDateString();
  return (isSameDay ? clock : words).format(at);
}

function local(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    if (!time.title) time.title = time.textContent;
    time.textContent = format(time, at);
  }
}

async function renew() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [now, next] = [document.getElementById("live"), page.getElementById("live")];
    if (!now || !next) return;
    local(next);
    if (now.innerHTML !== next.innerHTML && !now.contains(document.activeElement)) now.replaceWith(document.adoptNode(next));
  } catch {
    // The network is away: the next minute tries again.
  }
}

local(document);
if (document.getElementById("live")) setInterval(renew, 60_000);
