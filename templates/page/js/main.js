const answer = await fetch("/_page/api/_local/page", {
  headers: { "x-agentcore-page": sessionStorage.getItem("agentcore-page") ?? "" },
});
document.getElementById("main").textContent = await answer.text();
