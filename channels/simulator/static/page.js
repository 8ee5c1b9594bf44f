// Puts the page together: two phones, two diagrams, the clock, and what else there is to see.

import { clock } from "./clock.js";
import { FlowDiagram } from "./diagram.js";
import { arrange, count, element } from "./element.js";
import { ask, listen, post } from "./line.js";
import { shortDay, time } from "./moment.js";
import { Phone } from "./phone.js";
import { Story } from "./story.js";

/** Invented names for the clients that are opened one after the other. */
const NAMES = ["Ana", "Ben", "Chloe", "Daniel", "Elif", "Finn", "Grace", "Hugo", "Iris", "Jonas", "Kira", "Leo"];

const HINTS = {
  client: [
    "I’d like to book an appointment",
    "Is Monday afternoon free?",
    "A home visit tomorrow at 2 pm",
    "Cancel my appointment",
    "Can I talk to a person?",
  ],
  therapist: ["What’s on today?"],
};

const story = new Story();
const banner = document.querySelector(".banner");
let fading;
const phones = {
  client: new Phone(document.getElementById("client-phone"), story, { onAddClient: openClient }),
  therapist: new Phone(document.getElementById("therapist-phone"), story),
};
const diagrams = ["client-flow", "therapist-flow"].map((id) => new FlowDiagram(document.getElementById(id), story));
clock(document.querySelector(".clock"), story, { complain, settle });
story.addEventListener("change", () => {
  drawAnew();
  showBookings();
  showBadges();
});
showHints();
watchViews();
listen((view) => story.take(view), connection);

function connection(connected) {
  document.body.classList.toggle("lost", !connected);
  if (connected && banner.dataset.kind === "connection") banner.hidden = true;
  if (!connected) announce("Connection lost. Trying to reach the server again …", "connection");
}

function complain(text) {
  announce(text, "complaint");
  clearTimeout(fading);
  fading = setTimeout(settle, 6_000);
}

/** What was complained of is past. */
function settle() {
  if (banner.dataset.kind === "complaint") banner.hidden = true;
}

function announce(text, kind) {
  banner.dataset.kind = kind;
  banner.hidden = false;
  if (banner.textContent !== text) banner.textContent = text;
}

async function openClient() {
  const taken = new Set(story.of("client").map(({ name }) => name));
  const name = NAMES.find((each) => !taken.has(each)) ?? `Client ${taken.size + 1}`;
  try {
    const { party } = await post("clients", { name });
    story.choose("client", party);
    phones.client.suggest("");
  } catch (error) {
    complain(`No client could be opened. ${error.message}`);
  }
}

let drawnFlows = null;

/** Fetch the diagrams, at the start and whenever the flows have changed. */
async function drawAnew() {
  if (drawnFlows === story.flows) return;
  drawnFlows = story.flows;
  try {
    const drawings = await ask("diagrams");
    for (const diagram of diagrams) diagram.drawings = drawings;
  } catch (error) {
    drawnFlows = null; // asked again with the next news
    complain(`The diagrams could not be drawn. ${error.message}`);
  }
}

function showBookings() {
  const rows = [...story.appointments].sort((a, b) => a.starts_at - b.starts_at).map((booking) => element("li", {},
    element("span", { class: `status ${booking.status}` }, booking.status.replaceAll("_", " ")),
    element("b", {}, `${shortDay(booking.starts_at, story.zone)}, ${time(booking.starts_at, story.zone)}`),
    element("span", { class: "who" }, `${booking.client} with ${booking.therapist} · ${booking.service}`)));
  if (!rows.length) rows.push(element("li", { class: "none" }, "None yet."));
  arrange(document.querySelector("#bookings ul"), rows);
}

function showHints() {
  const list = document.querySelector(".hint-list");
  for (const [role, sentences] of Object.entries(HINTS)) {
    list.append(...sentences.map((sentence) => element("button", {
      type: "button", class: role, title: `Put this into the ${role}’s phone`,
      onclick: () => {
        view(role);
        phones[role].suggest(sentence);
      },
    }, sentence)));
  }
}

/** On a narrow screen one thing is shown at a time. */
function watchViews() {
  for (const tab of document.querySelectorAll("[data-show]")) tab.addEventListener("click", () => view(tab.dataset.show));
  document.addEventListener("keydown", (event) => {
    if (event.target.role !== "tab" || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const tabs = [...event.target.parentNode.querySelectorAll("[role=tab]")];
    const next = tabs.at((tabs.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1)) % tabs.length);
    next.click();
    next.focus();
  });
}

function view(shown) {
  document.body.dataset.shown = shown;
  for (const tab of document.querySelectorAll("[data-show]")) tab.setAttribute("aria-selected", String(tab.dataset.show === shown));
  phones[shown]?.show();
}

function showBadges() {
  for (const role of ["client", "therapist"]) {
    const waiting = story.of(role).reduce((sum, { id }) => sum + story.unread(id), 0);
    count(document.querySelector(`[data-show=${role}] .badge`), waiting);
  }
}
