// The line to the server: news come in as a stream, commands go out as posts. It never changes the page.

/**
 * Listen to the news for as long as the page is open. The browser reopens a broken stream by itself and
 * says where it had stopped; a stream that has gone silent, or that the browser gave up, is reopened here.
 *
 * @param {(view: object) => void} onView
 * @param {(connected: boolean) => void} onConnection
 */
export function listen(onView, onConnection) {
  const silence = 25_000; // milliseconds; the server says something every ten seconds
  let stream, watch;

  const alive = () => {
    onConnection(true);
    clearTimeout(watch);
    watch = setTimeout(reopen, silence);
  };
  const reopen = () => {
    onConnection(false);
    stream?.close();
    open();
  };
  const open = () => {
    stream = new EventSource("/simulator/stream");
    stream.addEventListener("view", (event) => {
      alive();
      onView(JSON.parse(event.data));
    });
    stream.addEventListener("beat", alive);
    stream.addEventListener("error", () => {
      onConnection(false);
      clearTimeout(watch);
      watch = setTimeout(reopen, stream.readyState === EventSource.CLOSED ? 1_500 : silence);
    });
  };
  open();
}

/** The server understood and said no; saying the same again is no use. */
export class Refused extends Error {}

/** Send a command. Throws Refused, or another error when it may have got lost and can be sent again. */
export async function post(command, body) {
  const answer = await fetch(`/simulator/${command}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Simulator": "page" },
    body: JSON.stringify(body),
  });
  if (answer.ok) return answer.json();
  const { error } = await answer.json().catch(() => ({ error: `The server answered ${answer.status}.` }));
  throw answer.status < 500 ? new Refused(error) : new Error(error);
}

/** What the server answers to a question. */
export async function ask(path) {
  const answer = await fetch(`/simulator/${path}`);
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer.json();
}
