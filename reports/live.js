"use strict";
// Asks the server of this page whether something has changed, and shows it without moving the page or closing a fold.
(() => {
  const content = document.getElementById("content"), live = document.getElementById("live");
  let version = live.dataset.version;
  const opened = () => [...content.querySelectorAll("details")].map(one => [one.id || one.firstElementChild.textContent, one.open]);
  const show = (text) => {
    const before = new Map(opened());
    const top = window.scrollY;
    content.innerHTML = text;
    for (const one of content.querySelectorAll("details")) one.open = before.get(one.id || one.firstElementChild.textContent) === true;
    window.scrollTo(0, top);
  };
  const look = async () => {
    try {
      const found = await (await fetch("/version", {cache: "no-store"})).text();
      if (found !== version) {
        show(await (await fetch("/content", {cache: "no-store"})).text());
        version = found;
      }
      live.textContent = "live, " + new Date().toLocaleTimeString();
      live.className = "";
    } catch (error) {
      live.textContent = "no connection: this is what was known before";
      live.className = "gone";
    }
    setTimeout(look, 2000);
  };
  addEventListener("hashchange", () => {
    const found = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (found instanceof HTMLDetailsElement) found.open = true;
  });
  look();
})();
