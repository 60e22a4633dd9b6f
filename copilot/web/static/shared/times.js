// Moments in the reader's own time, and waiting times that go on counting.
const language = document.documentElement.lang;
const short = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const long = new Intl.DateTimeFormat(language, { month: "numeric", day: "numeric" });
const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const EVERY_MS = 15000;

export function draw(root = document) {
  for (const time of root.querySelectorAll("time[data-at]")) showMoment(time);
  for (const time of root.querySelectorAll("time[data-since]")) showWaiting(time);
}

function showMoment(time) {
  const at = new Date(time.dateTime);
  const isToday = at.toDateString() === new Date().toDateString();
  time.textContent = (isToday ? short : long).format(at);
  time.title = full.format(at);
}

function showWaiting(time) {
  const seconds = Math.max(1, Math.round((Date.now() - new Date(time.dateTime)) / 1000));
  const [unit, size] = UNITS.find(([, size]) => seconds >= size);
  const format = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: language === "en" ? "narrow" : "short" });
  time.textContent = time.dataset.words.replace("{time}", format.format(Math.floor(seconds / size)));
}

export function start() {
  draw();
  setInterval(draw, EVERY_MS);
}
