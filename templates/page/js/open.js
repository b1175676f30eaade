// Exchanges the token in the address for the cookie and the page's own secret, and goes on to the page.

import { answered, keepSecret } from "./api.js";

const TRIES = 8;
const told = document.getElementById("told");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
try {
  const given = {
    method: "POST",
    headers: { "content-type": "application/json", "x-agentcore-page": "open" },
    body: JSON.stringify({ token }),
  };
  const answer = await answered("login", given, TRIES);
  if (answer.ok) {
    keepSecret((await answer.json()).secret);
    location.replace("./");
  } else {
    told.textContent = "This link was used already, or is too old. In a terminal: agentcore open";
  }
} catch {
  told.textContent = "The server does not answer. In a terminal: agentcore open";
}
