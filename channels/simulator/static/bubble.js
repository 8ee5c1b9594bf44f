// One message, as it stands on a phone.

import { element, drawn } from "./element.js";
import { time } from "./moment.js";

/** As many options as a messenger shows below a message; more are behind a list. */
const BUTTONS = 3;

const TICKS = { received: 1, sent: 1, handled: 2 };

/**
 * @param {object} message
 * @param {{zone: string, practice: string, onTap: Function, onList: Function, onRetry: Function}} phone
 */
export function bubble(message, { zone, practice, onTap, onList, onRetry }) {
  const own = message.direction === "in";
  const lost = message.status === "unsent" || message.status === "refused" || message.status === "failed";
  return element("article", { class: `message ${own ? "own" : "theirs"}${lost ? " lost" : ""}` },
    element("div", { class: "bubble" },
      element("span", { class: "unseen" }, own ? "You: " : `${practice}: `),
      element("div", { class: "words" }, ...words(message.text)),
      element("div", { class: "foot" },
        element("time", { datetime: new Date(message.at * 1000).toISOString() }, time(message.at, zone)),
        own && ticks(message.status))),
    answers(message, onTap, onList),
    lost && trouble(message, onRetry));
}

/** *bold* as messengers write it; the rest word for word. */
function words(text) {
  return text.split(/(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])/)
    .map((piece, index) => (index % 2 ? element("strong", {}, piece) : piece));
}

function ticks(status) {
  const number = TICKS[status] ?? 0;
  const said = ["on its way", "received", "handled"][number];
  const paths = [
    "M8 3.2v5l3 1.8M8 1.500a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13",
    "M3 8.500l3.2 3.300L13 4.5",
    "M1 8.500l3.2 3.300L11 4.500M7.8 11l1 .800L15.5 4.5",
  ];
  return drawn("svg", { class: `ticks ticks-${number}`, viewBox: "0 0 16 16", role: "img", "aria-label": said },
    drawn("path", { d: paths[number] }));
}

function answers(message, onTap, onList) {
  const { options } = message;
  if (!options.length) return null;
  if (options.length > BUTTONS) {
    return element("div", { class: "options" },
      element("button", { type: "button", class: "list", "aria-haspopup": "dialog", onclick: () => onList(message) },
        drawn("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, drawn("path", { d: "M7 5h9M7 10h9M7 15h9M3.5 5h.01M3.5 10h.01M3.5 15h.01" })),
        "Choose"));
  }
  return element("div", { class: "options" },
    ...options.map((option) => element("button", { type: "button", onclick: () => onTap(option) }, option.title)));
}

function trouble({ status, reason, message_id: id }, onRetry) {
  if (status === "failed") return element("p", { class: "trouble" }, "Could not be delivered.");
  if (status === "refused") return element("p", { class: "trouble" }, `Not accepted. ${reason}`);
  return element("p", { class: "trouble" }, "Not sent. ",
    element("button", { type: "button", onclick: () => onRetry(id) }, "Try again"));
}
