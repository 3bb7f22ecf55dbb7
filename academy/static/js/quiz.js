// Saves each answer when chosen; offline it waits on this device. The form works without this.
const form = document.querySelector("[data-attempt]");
const key = "answers:" + location.pathname;
const text = form.dataset;
const waiting = {};
let busy, retry;

function stored(act) {
  try {
    return act(localStorage);
  } catch {} // switched off or full: they wait in the page
}
const keep = () =>
  stored((box) => (Object.keys(waiting).length ? box.setItem(key, JSON.stringify(waiting)) : box.removeItem(key)));
const inputs = (name) => [...form.querySelectorAll(`input.choice[name="${name}"]`)];
const chosen = (name) => inputs(name).filter((input) => input.checked).map((input) => input.value);

function show(name, state, label) {
  const block = inputs(name)[0].closest("fieldset");
  const status = form.querySelector(`template[data-status="${state}"]`).content.cloneNode(true);
  status.firstElementChild.append(label);
  block.querySelector(".option-block__state").replaceChildren(status);
  const chip = form.querySelector(`.chips [href="#${block.id}"]`);
  chip.className = `chips__${state}`;
  chip.querySelector("span").textContent = `, ${label}`;
  const count = (part) => form.querySelectorAll(`.chips .chips__${part}`).length;
  const [saved, late, open] = ["saved", "waiting", "todo"].map(count);
  const numbers = { saved, answered: saved + late, total: saved + late + open };
  form.querySelector("[data-count]").textContent = text.counted.replace(/\{(\w+)\}/g, (_all, word) => numbers[word]);
}

const offline = (is) => (form.querySelector("[data-offline]").hidden = !is);

async function save(name) {
  const values = waiting[name];
  const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value, shown: name.slice(1) });
  for (const value of values) body.append(name, value);
  const headers = { Accept: "application/json" };
  const response = await fetch(form.action, { method: "POST", body, headers, signal: AbortSignal.timeout(2e4) });
  if (![200, 401, 409, 422].includes(response.status)) throw new Error(response.status);
  const answer = await response.json();
  if (response.status === 401) {
    show(name, "waiting", answer.message);
    return false;
  }
  if (waiting[name] === values) delete waiting[name];
  if (response.status === 409) {
    stored((box) => box.removeItem(key));
    location.assign(answer.url);
    return false;
  }
  if (response.status === 200 && !values.length) show(name, "todo", text.todo);
  else show(name, response.status === 200 ? "saved" : "todo", answer.message);
  return true;
}

async function sendAll() {
  if (busy) return;
  busy = true;
  clearTimeout(retry);
  try {
    for (let name; (name = Object.keys(waiting)[0]); keep()) if (!(await save(name))) break;
    offline(false);
  } catch {
    for (const name of Object.keys(waiting)) show(name, "waiting", text.waiting);
    offline(true);
    retry = setTimeout(sendAll, 5000);
  }
  busy = false;
}

form.addEventListener("change", ({ target }) => {
  waiting[target.name] = chosen(target.name);
  keep();
  sendAll();
});
addEventListener("online", sendAll);

for (const [name, values] of Object.entries(JSON.parse(stored((box) => box.getItem(key)) || "{}"))) {
  if (!inputs(name).length) continue;
  for (const input of inputs(name)) input.checked = values.includes(input.value);
  waiting[name] = values;
  show(name, "waiting", text.waiting);
}
sendAll();

const left = form.querySelector("[data-seconds]");
if (left) {
  const end = Date.now() + 1000 * left.dataset.seconds;
  const { lang } = document.documentElement;
  const unit = (number, unit) => number.toLocaleString(lang, { style: "unit", unit, unitDisplay: "long" });
  const tick = () => {
    const minutes = Math.floor((end - Date.now()) / 60000);
    const parts = [minutes >= 60 && unit(Math.floor(minutes / 60), "hour"), minutes % 60 > 0 && unit(minutes % 60, "minute")];
    left.textContent = minutes < 1 ? text.short : parts.filter(Boolean).join(" ");
    if (Date.now() > end + 1000) location.assign(form.action);
  };
  setInterval(tick, 10000);
}
