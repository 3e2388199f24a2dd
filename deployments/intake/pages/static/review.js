// Saves what is typed into a review, and brings in what others write. Without this script each
// question has its button. "saved" is written only after the server said so; until then the text is
// kept in this browser, under the name of whoever typed it.
"use strict";
(() => {
  const root = document.querySelector("[data-review]");
  if (!root) return;
  const AFTER = 1000, AGAIN = 5000, LOOK_EVERY = 3000, MOST_WHEN_LEAVING = 60000;
  const { review: base, csrf, by } = root.dataset;
  let { mark, state } = root.dataset;
  let isKept = true;
  const pad = (n) => String(n).padStart(2, "0");
  // As the server keeps a text: no empty lines around it, no spaces at its end.
  const normal = (text) => text.replace(/\r\n?/g, "\n").trimEnd().replace(/^(?:[^\S\n]*\n)+/, "");
  const clock = (moment) => `${pad(moment.getHours())}:${pad(moment.getMinutes())}`;

  class Question {
    constructor(section) {
      this.section = section;
      this.name = section.dataset.question;
      this.revision = Number(section.dataset.revision);
      this.form = section.querySelector("form");
      this.field = this.form.elements.text;
      this.status = section.querySelector(".saved");
      // What the server has. Not `value`: a browser may have filled that in by itself.
      this.stored = this.field.options
        ? [...this.field.options].find((each) => each.defaultSelected)?.value ?? ""
        : this.field.defaultValue;
      this.key = `aeef-review ${base} ${this.name} ${by}`;
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        const proposal = event.submitter?.dataset.proposal;
        if (proposal && !this.field.value.includes(proposal))
          this.field.value = [proposal, this.field.value].filter((each) => each.trim()).join("\n\n");
        this.keep();
        this.save(true);
      });
      this.field.addEventListener("input", () => this.typed());
      this.bringBack();
    }
    get isClean() { return normal(this.field.value) === normal(this.stored); }
    say(text, kind = "") {
      this.status.textContent = text;
      this.status.className = `saved ${kind}`;
    }
    keep() {
      try {
        if (this.isClean) localStorage.removeItem(this.key);
        else localStorage.setItem(this.key, JSON.stringify({ text: this.field.value, revision: this.revision }));
      } catch { isKept = false; }
    }
    bringBack() {
      let kept = null;
      try { kept = JSON.parse(localStorage.getItem(this.key)); } catch { isKept = false; }
      if (!kept || normal(kept.text) === normal(this.stored)) return this.keep();
      this.field.value = kept.text;
      if (kept.revision === this.revision) { this.say("not saved: kept in this browser since", "no"); this.soon(0); }
      else this.conflict({ text: this.stored, revision: this.revision,
        actor: this.section.querySelector(".by .actor")?.textContent ?? "somebody" });
    }
    typed() {
      this.keep();
      if (this.theirs) return;
      if (this.isClean && !this.isSending) { clearTimeout(this.timer); return this.say(""); }
      this.say("not saved yet");
      this.soon(AFTER);
    }
    soon(milliseconds) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), milliseconds);
    }
    // isDone: its writer pressed the button; else they write on, and it goes on record later.
    async save(isDone = false) {
      clearTimeout(this.timer);
      if (this.isSending) { this.isPressed ||= isDone; return; }
      if (this.theirs || (this.isClean && !isDone)) return;
      if (state !== "drafted" && !isDone)
        return this.say("not saved: press Save if the review is to be completed and read again", "no");
      const text = this.field.value;
      const given = { text, seen: this.revision, ...(isDone ? {} : { on: "yes" }) };
      const body = new URLSearchParams(given).toString();
      this.isSending = true;
      this.isPressed = false;
      this.say("saving…");
      let answer = null, said = {};
      try {
        answer = await fetch(`${base}/text/${this.name}`, {
          method: "POST", body, redirect: "error", keepalive: body.length < MOST_WHEN_LEAVING,
          headers: { Accept: "application/json", "X-CSRF-Token": csrf,
            "Content-Type": "application/x-www-form-urlencoded" },
        });
        said = await answer.json();
      } catch { if (answer?.ok) answer = null; }
      this.isSending = false;
      if (answer?.ok) return this.took(said, text);
      this.keep();
      if (said?.theirs && said.theirs.actor === by && said.theirs.text === normal(this.sent ?? text)) {
        // The server had taken it, and its answer was lost on the way.
        this.show(said.theirs);
        return this.soon(0);
      }
      if (said?.theirs) return this.conflict(said.theirs);
      this.sent = text;
      this.refused(answer, said);
    }
    refused(answer, said) {
      const where = isKept ? "it is kept in this browser" : "keep this page open";
      if (answer && answer.status < 500) {
        const why = answer.status === 401 ? "sign in again, in another tab" : said?.detail || answer.status;
        this.say(`not saved: ${why}; ${where}`, "no");
        // Whoever has signed in again goes on here; all else needs another text, or a new page.
        if (answer.status === 401) this.soon(AGAIN);
        return;
      }
      this.say(`not saved: the server does not answer; ${where}, and sent again`, "no");
      this.soon(AGAIN);
    }
    took(said, sent) {
      const typedOn = this.field.value !== sent, isPressed = this.isPressed;
      this.show(said);
      const isMasked = said.text !== normal(sent);
      if (!typedOn && isMasked) this.field.value = said.text;
      this.keep();
      if (isPressed) return this.save(true);
      if (!this.isClean) { this.say("not saved yet"); this.soon(AFTER); return; }
      const masked = isMasked ? "; what is secret or personal was masked" : "";
      this.say(`saved ${clock(new Date(said.at))}${masked}`, "yes");
    }
    // The server has this now.
    show(answer) {
      this.stored = answer.text;
      this.revision = this.form.elements.seen.value = answer.revision;
      if (answer.mark) noticed(answer);
      for (const each of this.section.querySelectorAll(".proposal,[data-proposal]")) each.remove();
      if (!answer.at) return;
      const line = this.section.querySelector(".by");
      const actor = Object.assign(document.createElement("span"), { className: "actor", textContent: answer.actor });
      const time = Object.assign(document.createElement("time"), {
        dateTime: answer.at, textContent: `${answer.at.slice(11, 19)} UTC` });
      line.replaceChildren("Written by ", actor, ", ", time);
    }
    // Somebody else wrote: into a field that nobody types in at once, else beside it.
    heard(answer) {
      if (this.isSending || answer.revision <= this.revision) return;
      if (!this.isClean) return this.conflict(answer);
      const { selectionStart: start, selectionEnd: end } = this.field;
      const isFocused = document.activeElement === this.field;
      this.show(answer);
      this.field.value = answer.text;
      if (isFocused && start !== undefined) this.field.setSelectionRange(start, end);
      if (answer.actor !== by) this.say(`${answer.actor} wrote this ${clock(new Date(answer.at))}`);
    }
    conflict(theirs) {
      if (this.theirs?.revision === theirs.revision) return;
      if (!this.theirs && normal(theirs.text) === normal(this.field.value)) {
        this.show(theirs);
        this.keep();
        return this.say(`${theirs.actor} wrote the same`);
      }
      this.theirs = theirs;
      clearTimeout(this.timer);
      this.box?.remove();
      this.box = document.querySelector("template#conflict").content.firstElementChild.cloneNode(true);
      this.box.querySelector("strong").textContent = theirs.actor;
      this.box.querySelector("pre").textContent = theirs.text || "(nothing)";
      for (const button of this.box.querySelectorAll("button"))
        button.addEventListener("click", () => this.decide(button.dataset.keep));
      if (this.field.options) this.box.querySelector("[data-keep=both]").remove();
      this.field.after(this.box);
      this.say("not saved: decide first", "no");
    }
    decide(which) {
      const { theirs } = this;
      const mine = this.field.value;
      this.theirs = null;
      this.box.remove();
      this.show(theirs);
      if (which === "theirs") this.field.value = theirs.text;
      else if (which === "both" && theirs.text.trim() && !mine.includes(theirs.text)) this.field.value = `${theirs.text}\n\n${mine}`;
      this.keep();
      this.field.focus();
      if (this.isClean) this.say("");
      else this.save(state !== "drafted");
    }
  }

  // What stands beside the texts (state, actions, what is missing) is loaded anew when it changed.
  const noticed = (now) => {
    state = now.state;
    if (now.mark === mark) return;
    mark = now.mark;
    document.dispatchEvent(new Event("aeef-refresh"));
  };
  const questions = new Map();
  for (const section of root.querySelectorAll("[data-question]"))
    // What was typed without this script and was not saved has its own buttons.
    if (!section.dataset.unsaved) questions.set(section.dataset.question, new Question(section));
  const look = async () => {
    if (document.hidden) return;
    const have = [...questions.values()].map((each) => `${each.name}.${each.revision}`).join(" ");
    const answer = await fetch(`${base}/changes?${new URLSearchParams({ have })}`, {
      headers: { Accept: "application/json" }, redirect: "error" }).catch(() => null);
    if (!answer?.ok) return;
    const said = await answer.json().catch(() => null);
    if (!said) return;
    for (const [name, each] of Object.entries(said.texts)) questions.get(name)?.heard(each);
    noticed(said);
  };
  setInterval(look, LOOK_EVERY);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return look();
    for (const each of questions.values()) each.save();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!isKept && [...questions.values()].some((each) => !each.isClean)) event.preventDefault();
  });
})();
