// One phone: who holds it, the conversation, the field to write in, the list to choose from.

import { bubble } from "./bubble.js";
import { arrange, count, element } from "./element.js";
import { day } from "./moment.js";

/** Pixels from the end within which a reader is taken to follow the conversation. */
const NEAR = 80;

export class Phone {
  #area; #story; #role; #rows = new Map(); #shown = null; #divider = null; #following = true;

  constructor(area, story, { onAddClient } = {}) {
    this.#area = area;
    this.#story = story;
    this.#role = area.dataset.role;
    area.append(document.getElementById("phone").content.cloneNode(true));
    this.people = area.querySelector(".people");
    this.thread = area.querySelector(".thread");
    this.form = area.querySelector(".writing");
    this.sheet = area.querySelector(".sheet");
    this.newest = area.querySelector(".newest");
    this.people.setAttribute("aria-label", this.#role === "client" ? "Clients" : "Therapists");
    if (onAddClient) this.addButton = element("button", { type: "button", class: "add", onclick: onAddClient }, "+ client");

    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.newest.addEventListener("click", () => this.#toNewest());
    this.thread.addEventListener("scroll", () => this.#followed(), { passive: true });
    this.sheet.addEventListener("click", (event) => event.target === this.sheet && this.sheet.close());
    new ResizeObserver(() => (this.#following ? this.#toNewest() : this.#followed())).observe(this.thread);
    story.addEventListener("change", () => this.show());
  }

  get party() {
    return this.#story.chosen[this.#role];
  }

  /** Put words into the field, ready to be sent. */
  suggest(text) {
    this.form.elements.text.value = text;
    this.form.elements.text.focus();
  }

  show() {
    const { party } = this;
    if (!party) return;
    const changedHands = party !== this.#shown;
    const following = changedHands || this.#following;
    if (changedHands) {
      this.#rows.clear();
      this.#divider = this.#story.firstUnread(party);
      this.#shown = party;
    }
    this.#showPeople();
    this.#showHead(party);
    arrange(this.thread, this.#threadRows(party));
    if (following) this.#toNewest();
    else this.#followed();
  }

  #showPeople() {
    const tabs = this.#story.of(this.#role).map(({ id, name }) => {
      const tab = this.people.querySelector(`[data-party="${CSS.escape(id)}"]`) ?? element("button",
        { type: "button", role: "tab", "data-party": id, onclick: () => this.#story.choose(this.#role, id) },
        element("span", {}, name), element("span", { class: "badge", hidden: true }));
      tab.setAttribute("aria-selected", String(id === this.party));
      count(tab.querySelector(".badge"), id === this.party ? 0 : this.#story.unread(id));
      return tab;
    });
    arrange(this.people, this.addButton ? [...tabs, this.addButton] : tabs);
  }

  #showHead(party) {
    const { practice } = this.#story;
    const thinking = this.#story.thinking(party);
    const name = this.#story.parties.find(({ id }) => id === party)?.name ?? "";
    this.#area.querySelector(".practice").textContent = practice;
    this.#area.querySelector(".avatar").textContent = practice.slice(0, 1);
    const activity = this.#area.querySelector(".activity");
    const said = thinking ? "typing…" : this.#role === "client" ? "Appointments" : "Requests";
    if (activity.textContent !== said) activity.textContent = said;
    activity.classList.toggle("typing", thinking);
    this.form.elements.text.disabled = false; // nothing can be written before it is known who would
    this.form.elements.text.setAttribute("aria-label", `Message from ${name}`);
    this.thread.setAttribute("aria-label", `Conversation of ${name}`);
  }

  /** Rows by key; a row is made anew only when something in it has changed. */
  #threadRows(party) {
    const { zone, now } = this.#story;
    const rows = [];
    let lastDay = "", lastDirection = "";
    const row = (key, sign, make) => {
      const known = this.#rows.get(key);
      const made = known?.sign === sign ? known.made : make();
      this.#rows.set(key, { sign, made });
      rows.push(made);
      return made;
    };
    for (const message of this.#story.thread(party)) {
      const today = day(message.at, now, zone);
      if (today !== lastDay) {
        row(`day ${message.number ?? message.message_id}`, today, () => element("h4", { class: "day" }, element("span", {}, today)));
        lastDirection = "";
      }
      if (message.number && message.number === this.#divider) {
        row("unread", message.number, () => element("p", { class: "unread" }, element("span", {}, "New")));
        lastDirection = "";
      }
      // The key outlives the way from the page to the server and back.
      const made = row(message.message_id || message.number, lookOf(message), () => this.#bubble(message));
      made.classList.toggle("first", message.direction !== lastDirection);
      [lastDay, lastDirection] = [today, message.direction];
    }
    if (!rows.length) row("empty", party, () => element("p", { class: "empty" }, this.#role === "client" ? "Say hello to the practice." : "Requests will arrive here."));
    if (this.#story.thinking(party)) row("typing", "", () => element("div", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i")));
    return rows;
  }

  #bubble(message) {
    return bubble(message, {
      zone: this.#story.zone,
      practice: this.#story.practice,
      onTap: (option) => this.#story.tap(message.party, option),
      onList: () => this.#openSheet(message),
      onRetry: (id) => this.#story.retry(id),
    });
  }

  #openSheet(message) {
    const choices = message.options.map((option) => element("button", {
      type: "button",
      onclick: () => {
        this.sheet.close();
        this.#story.tap(message.party, option);
      },
    }, option.title));
    this.sheet.querySelector(".choices").replaceChildren(...choices);
    this.sheet.showModal();
    const phone = this.#area.querySelector(".phone").getBoundingClientRect();
    const style = this.sheet.style;
    [style.left, style.width] = [`${phone.left}px`, `${phone.width}px`];
    style.bottom = `${Math.max(0, innerHeight - phone.bottom)}px`;
    style.maxHeight = `${phone.height * 0.7}px`;
    choices[0].focus();
  }

  #submit(event) {
    event.preventDefault();
    const field = this.form.elements.text;
    const text = field.value.trim();
    if (!text || !this.party) return;
    field.value = "";
    this.#divider = null;
    this.#story.say(this.party, text);
    this.#toNewest();
  }

  #isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.thread;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #toNewest() {
    this.thread.scrollTop = this.thread.scrollHeight;
    this.#followed();
  }

  /** What is in sight counts as read; otherwise the button back to the newest message tells how many wait. */
  #followed() {
    if (!this.#shown || this.#area.offsetParent === null) return;
    const near = this.#isNearEnd();
    this.#following = near;
    this.newest.hidden = near;
    if (near && !document.hidden) this.#story.markSeen(this.#shown);
    else this.#divider ??= this.#story.firstUnread(this.#shown);
    count(this.newest.querySelector(".badge"), near ? 0 : this.#story.unread(this.#shown));
  }
}

/** All that a bubble's look depends on. How far a message from the practice has come is not shown. */
function lookOf({ text, at, options, status, direction, reason }) {
  return JSON.stringify([text, at, options, direction === "in" || status === "failed" ? status : "", reason]);
}
