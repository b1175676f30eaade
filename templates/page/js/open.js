// Exchanges the token in the address for the cookie and the page's own secret, and goes on to the page.

import { keepSecret } from "./api.js";

const TRIES = 8;
const told = document.getElementById("told");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

/** The answer to the token, asked for again where the browser gave up before: a machine's network may just have changed. */
async function login(left = TRIES) {
  try {
    return await fetch("login", {
      method: "POST",
      headers: { "content-type": "application/json", "x-agentcore-page": "open" },
      body: JSON.stringify({ token }),
    });
  } catch (error) {
    if (left === 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, 250));
    return login(left - 1);
  }
}

try {
  const answer = await login();
  if (answer.ok) {
    keepSecret((await answer.json()).secret);
    location.replace("./");
  } else {
    told.textContent = "This link was used already, or is too old. In a terminal: agentcore open";
  }
} catch {
  told.textContent = "The server does not answer. In a terminal: agentcore open";
}
