// Without this script the page says the same: it only adds the reader's own time, counts down,
// and brings in what has changed since.
"use strict";
(() => {
  const live = document.body.dataset.live;
  const pad = (n) => String(n).padStart(2, "0");
  const left = (ms) => {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s >= 86400) return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
    const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? `${h}:${pad(m)}:${pad(s % 60)}` : `${m}:${pad(s % 60)}`;
  };
  const ownTime = (root) => {
    for (const each of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(each.dateTime);
      if (each.dataset.own || !moment.getTimezoneOffset() || isNaN(moment)) continue;
      each.dataset.own = "1";
      const time = `${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
      each.append(` (your ${time})`);
    }
  };
  const count = () => {
    for (const each of document.querySelectorAll("[data-due]")) {
      const ms = new Date(each.dataset.due) - Date.now();
      const text = each.lastChild;
      if (ms > 0) text.data = text.data.replace(/ in [\d: dh]+$/, ` in ${left(ms)}`);
    }
    for (const each of document.querySelectorAll("[data-left]")) {
      const ms = new Date(each.dataset.left) - Date.now();
      const shown = each.querySelector(".left") || each.appendChild(document.createElement("span"));
      shown.className = "left";
      shown.textContent = ms > 0 ? ` (${left(ms)})` : " (now)";
    }
  };
  const isBusy = (part) => (part.contains(document.activeElement) &&
    ["INPUT", "TEXTAREA", "SELECT"].includes(document.activeElement.tagName)) ||
    [...part.querySelectorAll("input:not([type=hidden]),textarea")].some((each) => each.value !== each.defaultValue);
  const refresh = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.pathname + location.search.replace(/(done|refused)=[^&]*/, ""), {
      headers: { Accept: "text/html" }, redirect: "error",
    }).catch(() => null);
    if (!answer || !answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    ownTime(fresh);
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!other || isBusy(part)) continue;
      const open = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
      for (const id of open) other.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
      if (part.innerHTML === other.innerHTML) continue;
      const focused = part.contains(document.activeElement) ? document.activeElement : null;
      const same = focused && [...part.querySelectorAll("a,button,summary")].indexOf(focused);
      part.replaceChildren(...other.childNodes);
      part.className = other.className;
      if (focused) part.querySelectorAll("a,button,summary")[same]?.focus();
    }
    document.title = fresh.title;
    count();
  };
  ownTime(document);
  count();
  setInterval(count, 1000);
  document.addEventListener("aeef-refresh", refresh);
  if (!live) return;
  const events = new EventSource(live);
  events.addEventListener("changed", refresh);
  setInterval(refresh, 15000);
  document.addEventListener("visibilitychange", refresh);
})();
