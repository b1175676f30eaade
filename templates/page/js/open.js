// Exchanges the token of the address for the cookie and the page's own secret, and goes on to the page.
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const answer = await fetch("/_page/login", {
  method: "POST",
  headers: { "content-type": "application/json", "x-agentcore-page": "open" },
  body: JSON.stringify({ token }),
});
if (answer.ok) {
  sessionStorage.setItem("agentcore-page", (await answer.json()).secret);
  location.replace("/_page/");
} else {
  document.getElementById("status").textContent = "This link was used already, or is too old. Run: agentcore open";
}
