// Simulated moments in words, in the practice's time zone, and spans as people type them.

const formats = new Map();

function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key);
}

const say = (seconds, zone, options) => format(zone, options).format(seconds * 1000);

export const time = (seconds, zone) => say(seconds, zone, { hour: "2-digit", minute: "2-digit" });

export const shortDay = (seconds, zone) => say(seconds, zone, { weekday: "short", day: "numeric", month: "short" });

const longDay = (seconds, zone) => say(seconds, zone, { weekday: "long", day: "numeric", month: "long" });

/** "Today", "Yesterday" or the date. */
export function day(seconds, now, zone) {
  const date = longDay(seconds, zone);
  if (date === longDay(now, zone)) return "Today";
  return date === longDay(now - 86_400, zone) ? "Yesterday" : date;
}

const SECONDS = { m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** "25h", "90 min", "1d 2h" in seconds; null when it is no span. */
export function span(text) {
  const words = text.trim().toLowerCase();
  const part = /(\d+)\s*(m|h|d|w)(?:in|ins|inutes?|ours?|rs?|ays?|eeks?)?(?:\s+|$|(?=\d))/gy;
  let seconds = 0, read = 0;
  for (const [all, number, unit] of words.matchAll(part)) {
    seconds += Number(number) * SECONDS[unit];
    read += all.length;
  }
  return seconds > 0 && read === words.length ? seconds : null;
}
