// Everything the page knows: what the server told, and what was written here and is still on its way.
// It draws nothing; whoever wants to draw asks to be told of changes.

import { post, Refused } from "./line.js";

export class Story extends EventTarget {
  parties = [];
  places = {};
  appointments = [];
  practice = "";
  zone = "UTC";
  flows = null;
  /** Which party's phone is shown, by role. */
  chosen = {};
  #messages = new Map();
  #underway = new Map();
  #seen = new Map();
  #clock = { now: 0, at: 0 };

  /** Take in what the server told. */
  take(view) {
    if (view.full) {
      this.#messages.clear();
      // What stands on the phones when the page opens is not news.
      for (const { number, party } of view.messages) this.#seen.set(party, Math.max(number, this.#seen.get(party) ?? 0));
    }
    for (const bubble of view.messages) {
      this.#messages.set(bubble.number, bubble);
      this.#underway.delete(bubble.message_id);
    }
    Object.assign(this, {
      parties: view.parties, places: view.places, appointments: view.appointments,
      practice: view.practice, zone: view.zone, flows: view.flows,
    });
    this.#clock = { now: view.now, at: performance.now() };
    for (const { id, role } of view.parties) this.chosen[role] ??= id;
    this.#changed();
  }

  /** The simulated time in seconds, running on between two messages from the server. */
  get now() {
    return this.#clock.now + (performance.now() - this.#clock.at) / 1000;
  }

  get started() {
    return this.#clock.now > 0;
  }

  of(role) {
    return this.parties.filter((party) => party.role === role);
  }

  choose(role, party) {
    this.chosen[role] = party;
    this.#changed();
  }

  /** What stands on a phone, oldest first; what is still on its way comes last. */
  thread(party) {
    const here = (bubble) => bubble.party === party;
    const told = [...this.#messages.values()].filter(here).sort((a, b) => a.number - b.number);
    return [...told, ...[...this.#underway.values()].filter(here)];
  }

  /** Whether the practice is thinking about what this person wrote. */
  thinking(party) {
    return this.thread(party).some((bubble) => bubble.direction === "in" && bubble.status === "received");
  }

  unread(party) {
    const seen = this.#seen.get(party) ?? 0;
    return this.thread(party).filter((b) => b.direction === "out" && b.number > seen).length;
  }

  /** The first message that has not been looked at. */
  firstUnread(party) {
    const seen = this.#seen.get(party) ?? 0;
    return this.thread(party).find((b) => b.direction === "out" && b.number > seen)?.number;
  }

  markSeen(party) {
    const newest = this.thread(party).findLast((bubble) => bubble.number)?.number ?? 0;
    if (newest <= (this.#seen.get(party) ?? 0)) return;
    this.#seen.set(party, newest);
    this.#changed();
  }

  say(party, text) {
    this.#send({ command: "say", body: { party, text }, text });
  }

  tap(party, option) {
    this.#send({ command: "tap", body: { party, option_id: option.id, title: option.title }, text: option.title });
  }

  /** Once more, with the same id: a message that did arrive is not counted twice. */
  retry(messageId) {
    const message = this.#underway.get(messageId);
    if (message) this.#deliver(message);
  }

  #send({ command, body, text }) {
    const message_id = crypto.randomUUID();
    this.#deliver({
      command, body: { ...body, message_id }, text, message_id, party: body.party,
      direction: "in", at: this.now, options: [],
    });
  }

  async #deliver(message) {
    this.#underway.set(message.message_id, { ...message, status: "sending", reason: "" });
    this.#changed();
    try {
      await post(message.command, message.body);
      this.#update(message.message_id, { status: "sent" });
    } catch (error) {
      const refused = error instanceof Refused;
      this.#update(message.message_id, { status: refused ? "refused" : "unsent", reason: refused ? error.message : "" });
    }
  }

  #update(messageId, changes) {
    const message = this.#underway.get(messageId);
    if (!message) return; // the stream was faster and has brought it already
    this.#underway.set(messageId, { ...message, ...changes });
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
