// The state diagram of one conversation: where it stands, how it just came there, where it can go.

import { arrange, drawn, element } from "./element.js";

const LETTER = 6.2; // the width of a letter of a label, in the drawing's units
const LINE = 13;
const NARROWEST = 186;

const inWords = (name) => name.replaceAll("_", " ");
const labelOf = ({ event, outcome }) => [event, outcome].filter(Boolean).join(" → ");

export class FlowDiagram {
  #card; #story; #role; #drawings = {}; #flow = null; #signature = ""; #boxes = new Map(); #lines = new Map();

  constructor(card, story) {
    this.#card = card;
    this.#story = story;
    this.#role = card.dataset.role;
    this.title = element("h2", {}, card.getAttribute("aria-label"));
    this.caption = element("p", { class: "caption", "aria-live": "polite" });
    this.board = element("div", { class: "board" });
    this.note = element("div", { class: "note", role: "tooltip", id: `${card.id}-note`, hidden: true });
    this.list = element("details", { class: "everywhere" });
    card.append(element("header", {}, this.title, this.caption), this.board, this.list, this.note);
    story.addEventListener("change", () => this.show());
    new ResizeObserver(() => this.#intoSight()).observe(this.board);
  }

  set drawings(drawings) {
    this.#drawings = drawings;
    this.#flow = null;
    this.show();
  }

  show() {
    const party = this.#story.chosen[this.#role];
    const place = this.#story.places[party];
    const flow = place?.flow ?? this.#role;
    const drawing = this.#drawings[flow];
    if (!drawing || !party) return;
    const name = this.#story.parties.find(({ id }) => id === party)?.name ?? "";
    if (flow !== this.#flow) this.#draw(flow, drawing);
    const signature = JSON.stringify([party, place]);
    if (signature === this.#signature) return;
    this.#signature = signature;
    arrange(this.title, [document.createTextNode(`${name}’s conversation`)]);
    this.#light(drawing, place ?? { state: drawing.start, path: [], turn: 0 });
  }

  #draw(flow, drawing) {
    this.#flow = flow;
    this.#signature = "";
    this.#boxes.clear();
    this.#lines.clear();
    const { left, width } = frame(drawing);
    const svg = drawn("svg", {
      viewBox: `${left} 0 ${width} ${drawing.height}`, role: "group",
      "aria-label": `States of the ${flow} flow`, width, height: drawing.height,
    }, drawn("defs", {}, marker(this.#role, "arrow"), marker(this.#role, "arrow-lit")));
    svg.append(
      drawn("g", { class: "lines" }, ...drawing.lines.map((line) => this.#line(line))),
      drawn("g", { class: "boxes" }, ...drawing.boxes.map((box) => this.#box(box, drawing))),
      drawn("g", { class: "labels", "aria-hidden": "true" }),
    );
    this.board.replaceChildren(svg);
    this.#listEverywhere(drawing);
  }

  #line(line) {
    const path = drawn("path", {
      class: line.back ? "line back" : "line", d: line.path, "marker-end": `url(#${this.#role}-arrow)`,
    });
    this.#lines.set(`${line.source} ${line.target}`, { line, path });
    return path;
  }

  #box(box, drawing) {
    const { x, y, width, height, lines, state } = box;
    const top = y - ((lines.length - 1) * LINE) / 2 + 4;
    const group = drawn("g", {
      class: `box ${state.kind}`, tabindex: 0, role: "img", "data-state": state.name,
      "aria-label": `${inWords(state.name)}. ${state.about}`, "aria-describedby": this.note.id,
      onpointerenter: () => this.#explain(box, drawing, group), onpointerleave: () => this.#explain(null),
      onfocus: () => this.#explain(box, drawing, group), onblur: () => this.#explain(null),
    },
    drawn("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: state.kind === "pass" ? height / 2 : 10 }),
    ...lines.map((line, index) => drawn("text", { x, y: top + index * LINE }, line)));
    this.#boxes.set(state.name, { box, group });
    return group;
  }

  /** Light the state, the way of the last turn, and say both in words. */
  #light(drawing, { state, path, turn }) {
    const passed = new Set(path.slice(1).map((edge) => edge.source));
    for (const [name, { group }] of this.#boxes) {
      group.classList.toggle("here", name === state);
      group.classList.toggle("passed", name !== state && passed.has(name));
      group.classList.toggle("from", name !== state && path[0]?.source === name);
      if (name === state) group.setAttribute("aria-current", "step");
      else group.removeAttribute("aria-current");
    }
    this.board.querySelectorAll(".detour").forEach((detour) => detour.remove());
    for (const { path: line } of this.#lines.values()) this.#mark(line, false);
    const labels = path.map((edge) => this.#follow(edge, drawing)).filter(Boolean);
    this.board.querySelector(".labels").replaceChildren(...apart(labels).map((label) => pill(label, drawing)));
    for (const chip of this.list.querySelectorAll("li")) {
      chip.classList.toggle("lit", path.some((edge) => chip.dataset.event === edge.event && !this.#isDrawn(edge)));
    }
    this.caption.replaceChildren(...inSentence(state, path, turn));
    this.#intoSight();
  }

  /** Where the drawing is wider than its card: move it sideways until the lit state is in the middle. */
  #intoSight() {
    const here = this.board.querySelector(".box.here");
    if (!here || this.board.scrollWidth <= this.board.clientWidth) return;
    const [seen, at] = [this.board.getBoundingClientRect(), here.getBoundingClientRect()];
    this.board.scrollLeft += at.left + at.width / 2 - seen.left - seen.width / 2;
  }

  #isDrawn({ source, target }) {
    return this.#lines.has(`${source} ${target}`);
  }

  #mark(line, lit) {
    line.classList.toggle("lit", lit);
    line.setAttribute("marker-end", `url(#${this.#role}-arrow${lit ? "-lit" : ""})`);
    if (lit) line.parentNode.append(line); // above its neighbours
  }

  /** Light the line of an edge; where none is drawn, because the rule holds everywhere, bridge the gap. */
  #follow(edge, drawing) {
    const text = labelOf(edge);
    const known = this.#lines.get(`${edge.source} ${edge.target}`);
    if (known) {
      this.#mark(known.path, true);
      return { text, x: known.line.label_at[0], y: known.line.label_at[1] };
    }
    const from = this.#boxes.get(edge.source)?.box;
    const to = this.#boxes.get(edge.target)?.box;
    if (!from || !to) return null;
    if (from === to) return { text: `↻ ${text}`, x: from.x, y: from.y + from.height / 2 + 13 };
    const up = to.y < from.y;
    const [y0, y1] = up ? [from.y - from.height / 2, to.y + to.height / 2] : [from.y + from.height / 2, to.y - to.height / 2];
    const middle = (y0 + y1) / 2;
    this.board.querySelector(".lines").append(drawn("path", {
      class: "line lit detour", "marker-end": `url(#${this.#role}-arrow-lit)`,
      d: `M${from.x},${y0} C${from.x},${middle} ${to.x},${middle} ${to.x},${y1}`,
    }));
    return { text, x: (from.x + to.x) / 2, y: middle };
  }

  /** A note beside a state: what it is for, and where it can go. */
  #explain(box, drawing, group) {
    this.note.hidden = !box;
    this.board.classList.toggle("asked", Boolean(box));
    for (const { line, path } of this.#lines.values()) path.classList.toggle("out", line.source === box?.state.name);
    if (!box) return;
    const ways = drawing.lines.filter(({ source }) => source === box.state.name);
    this.note.replaceChildren(...[
      element("code", {}, box.state.name),
      box.state.about && element("p", {}, box.state.about),
      element("ul", {}, ...ways.map(({ labels, target }) => element("li", {}, element("span", {}, events(labels)), element("b", {}, inWords(target))))),
      box.loops.length > 0 && element("p", { class: "stays" }, `Stays: ${events(box.loops)}`),
    ].filter(Boolean));
    this.#placeNote(group);
  }

  /** Beside the state, on the side with more room, so that its ways stay in sight. */
  #placeNote(group) {
    const [card, at] = [this.#card.getBoundingClientRect(), group.getBoundingClientRect()];
    const { offsetWidth: width, offsetHeight: height } = this.note;
    const [roomLeft, roomRight] = [at.left - card.left, card.right - at.right];
    const left = roomRight > roomLeft ? at.right - card.left + 12 : at.left - card.left - width - 12;
    const top = at.top - card.top - height / 3;
    const lowest = innerHeight - card.top - height - 8;
    this.note.style.left = `${Math.max(8, Math.min(left, card.width - width - 8))}px`;
    this.note.style.top = `${Math.max(8, Math.min(top, lowest))}px`;
  }

  #listEverywhere({ everywhere }) {
    this.list.hidden = !everywhere.length;
    const events = Map.groupBy ? Map.groupBy(everywhere, (rule) => rule.event) : grouped(everywhere);
    this.list.replaceChildren(
      element("summary", {}, `Heard in every state (${events.size})`),
      element("ul", {}, ...[...events].map(([event, rules]) => {
        const targets = [...new Set(rules.map((rule) => rule.target).filter(Boolean))].map(inWords);
        return element("li", { "data-event": event }, event, targets.length > 0 && element("b", {}, ` ${targets.join(", ")}`));
      })));
  }
}

function grouped(rules) {
  const groups = new Map();
  for (const rule of rules) groups.set(rule.event, [...(groups.get(rule.event) ?? []), rule]);
  return groups;
}

function marker(role, name) {
  return drawn("marker", {
    id: `${role}-${name}`, class: name, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7,
    markerUnits: "userSpaceOnUse", orient: "auto",
  }, drawn("path", { d: "M0 .8 7.5 4 0 7.2 1.8 4Z" }));
}

/** A small flow is given room at its sides, so that labels fit. */
function frame(drawing) {
  const width = Math.max(drawing.width, NARROWEST);
  return { left: (drawing.width - width) / 2, width };
}

/** What is heard, without repeating it for every outcome; the outcomes where only they tell the ways apart. */
function events(labels) {
  return [...new Set(labels.map((label) => label.split(" → ")[0]))].join(", ");
}

/** Labels in one row that would cover each other, moved to both sides by half of what they share. */
function apart(labels) {
  const placed = labels.map((label) => ({ ...label, width: label.text.length * LETTER + 16 }));
  const across = [...placed].sort((a, b) => a.x - b.x);
  across.forEach((right, index) => {
    for (const left of across.slice(0, index)) {
      const shared = (left.width + right.width) / 2 + 5 - (right.x - left.x);
      if (Math.abs(left.y - right.y) > 20 || shared <= 0) continue;
      left.x -= shared / 2;
      right.x += shared / 2;
    }
  });
  return placed;
}

function pill({ text, x, y, width }, drawing) {
  const room = frame(drawing);
  const left = Math.max(room.left + 2, Math.min(x - width / 2, room.left + room.width - width - 2));
  return drawn("g", { class: "label" },
    drawn("rect", { x: left, y: y - 9.5, width, height: 19, rx: 9.5 }),
    drawn("text", { x: left + width / 2, y: y + 3.8 }, text));
}

/** "idle → book.appointment → choosing time", for eyes and for screen readers. */
function inSentence(state, path, turn) {
  if (!turn) return [element("b", {}, inWords(state)), " · nothing has happened yet"];
  const said = [element("b", {}, inWords(path[0]?.source ?? state))];
  for (const edge of path) {
    said.push(" ", element("em", {}, labelOf(edge)), " ");
    said.push(element("b", {}, edge.source === edge.target ? "stays" : inWords(edge.target)));
  }
  return said;
}
