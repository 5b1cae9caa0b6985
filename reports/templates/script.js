// What the page can do beyond being read: filter, open what is kept compressed, copy, choose a theme.
(() => {
"use strict";
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = (text) => { $("#say").textContent = text; };

// Theme: the system's, unless the reader says otherwise.
const themes = ["system", "light", "dark"];
const button = $("#theme");
let theme = "system";
try { theme = localStorage.getItem("wireproof-theme") || theme; } catch { /* no storage: the choice lasts as long as the page */ }
const dress = () => {
  if (!themes.includes(theme)) theme = "system";
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  button.textContent = `Theme: ${theme}`;
};
button.hidden = false;
button.addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  try { localStorage.setItem("wireproof-theme", theme); } catch { /* as above */ }
  dress();
});
dress();

// Evidence that is kept compressed.
const bundles = new Map();
const unpack = (number) => {
  if (!bundles.has(number)) bundles.set(number, (async () => {
    const text = $(`script[data-bundle="${number}"]`).textContent;
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  })());
  return bundles.get(number);
};
const held = (place) => {
  const [bundle, index] = place.split(".");
  return unpack(bundle).then((pieces) => pieces[Number(index)]);
};
const openUp = (element) => {
  for (let up = element; up; up = up.parentElement) if (up.localName === "details") up.open = true;
};
// The link in the table of cases that stands for a result whose evidence is not on the page yet.
let links = null;
const linkTo = (anchor) => {
  links ??= new Map(all("table.cases a[data-f]").map((a) => [a.getAttribute("href").slice(1), a]));
  return links.get(anchor);
};
const toggle = async (link, wanted) => {
  const row = link.closest("tr");
  const before = row.nextElementSibling;
  const shown = before?.classList.contains("more") && before.dataset.of === link.dataset.f ? before : null;
  const twins = all(`[data-f="${link.dataset.f}"]`, row);
  const tell = (state) => twins.forEach((twin) => twin.setAttribute("aria-expanded", state));
  if (shown && wanted !== true) { shown.remove(); tell("false"); return; }
  openUp(row);
  if (!shown) {
    if (before?.classList.contains("more")) {
      before.remove();
      all("[aria-expanded]", row).forEach((a) => a.setAttribute("aria-expanded", "false"));
    }
    let html;
    try { html = await held(link.dataset.f); } catch { say("This browser can't unpack the evidence; the JSON report has it."); return; }
    const more = document.createElement("tr");
    more.className = "more";
    more.dataset.of = link.dataset.f;
    const cell = more.insertCell();
    cell.colSpan = all("thead th", row.closest("table")).length;
    cell.innerHTML = html; // rendered and escaped when the page was made
    row.after(more);
    dressCode(cell);
    tell("true");
  }
};
const go = async () => {
  let anchor;
  try { anchor = decodeURIComponent(location.hash.slice(1)); } catch { anchor = location.hash.slice(1); }
  if (!anchor) return;
  const link = linkTo(anchor);
  if (link) {
    show(link.closest("tr"));
    await toggle(link, true);
    link.focus({ preventScroll: true });
    link.closest("tr").scrollIntoView({ block: "start" });
    return;
  }
  const element = document.getElementById(anchor);
  if (!element) return;
  openUp(element);
  element.scrollIntoView({ block: "start" });
  if (element.localName === "details") $("summary", element).focus({ preventScroll: true });
};
addEventListener("hashchange", go);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-f]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const anchor = link.getAttribute("href");
  event.preventDefault();
  if (link.closest("table.cases")) {
    history.replaceState(null, "", anchor);
    toggle(link);
  } else if (location.hash === anchor) go();
  else location.hash = anchor;
});
// A link to where we already are does nothing by itself, even when what it leads to was closed meanwhile.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]:not([data-f])');
  if (link && link.getAttribute("href") === location.hash) go();
});

// Buttons that copy.
const copy = async (text) => {
  try { await navigator.clipboard.writeText(text); return; } catch { /* not allowed here: the old way */ }
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
};
const dressCode = (root) => all(".again code", root).forEach((code) => {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" });
  made.setAttribute("aria-label", "Copy the command");
  made.addEventListener("click", async () => {
    await copy(code.textContent);
    made.textContent = "Copied";
    say("The command was copied.");
    setTimeout(() => { made.textContent = "Copy"; }, 1500);
  });
  code.after(made);
});
dressCode(document);

// The filter.
const form = $("#filter");
const modules = all("details.mod");
let index = null;
let filtered = false;
const build = () => modules.map((module) => ({
  module,
  was: false,
  suite: module.dataset.suite,
  functions: all("tbody", module).map((body) => {
    const rows = all("tr[class]:not(.more)", body);
    const head = rows[0]?.classList.contains("fn") ? rows.shift() : null;
    const above = `${module.dataset.key} ${head ? head.textContent : ""}`;
    return { body, rows: rows.map((row) => ({ row, verdict: row.className, text: `${above} ${row.textContent}`.toLowerCase() })) };
  }),
}));
const total = all("table.cases tbody tr[class]:not(.fn)").length;
const apply = () => {
  index ??= build();
  const words = $("#q").value.toLowerCase().split(/\s+/).filter(Boolean);
  const suite = $("#suite")?.value ?? "";
  const verdicts = new Set(all("input[name=v]:checked", form).map((box) => box.value));
  const active = words.length || suite || verdicts.size;
  let count = 0;
  if (active && !filtered) index.forEach((one) => { one.was = one.module.open; });
  for (const { module, was, functions, suite: own } of index) {
    let inModule = 0;
    for (const { body, rows } of functions) {
      let inFunction = 0;
      for (const { row, verdict, text } of rows) {
        const shown = (!suite || suite === own) && (!verdicts.size || verdicts.has(verdict)) && words.every((word) => text.includes(word));
        row.hidden = !shown;
        if (row.nextElementSibling?.classList.contains("more")) row.nextElementSibling.hidden = !shown;
        inFunction += shown;
      }
      body.hidden = !inFunction;
      inModule += inFunction;
    }
    module.hidden = !inModule;
    // Opening thousands of rows at once would only make the reader wait.
    if (active) module.open = inModule > 0 && count < 300;
    else if (filtered) module.open = was;
    count += inModule;
  }
  filtered = Boolean(active);
  $("#count").textContent = active ? `${count} of ${total} cases` : `${total} cases`;
};
const show = (row) => { if (row.closest("[hidden]")) { form.reset(); apply(); } };
let due = 0;
const soon = () => { clearTimeout(due); due = setTimeout(apply, 60); };
if (modules.length) {
  form.hidden = false;
  $("#count").textContent = `${total} cases`;
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply, 0));
  $("#all").addEventListener("click", (event) => {
    const open = event.target.textContent === "Open all";
    modules.forEach((module) => { module.open = open; });
    index?.forEach((one) => { one.was = open; });
    event.target.textContent = open ? "Close all" : "Open all";
  });
  all("a[data-verdict]").forEach((link) => link.addEventListener("click", () => {
    form.reset();
    const box = $(`input[name=v][value="${link.dataset.verdict}"]`, form);
    if (box) box.checked = true;
    soon();
  }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    event.preventDefault();
    $("#q").focus();
  });
}

// On paper, what can be opened is open.
let opened = [];
addEventListener("beforeprint", () => {
  opened = all("details.case:not([open]), details.cov:not([open])").slice(0, 200);
  opened.forEach((one) => { one.open = true; });
});
addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));

go();
})();
