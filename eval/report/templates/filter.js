// Shows only the queries won or lost, or those that hold what is searched for.
const tools = document.querySelector(".tools");
if (tools) {
  const [search, output] = [tools.querySelector("input"), tools.querySelector("output")];
  const buttons = [...tools.querySelectorAll("button")];
  const cards = [...document.querySelectorAll(".example")].map((card) => ({ card, text: card.textContent.toLowerCase() }));
  let kind = "";
  const update = () => {
    const wanted = search.value.trim().toLowerCase();
    let n = 0;
    for (const { card, text } of cards) {
      card.hidden = !((!kind || card.classList.contains(kind)) && text.includes(wanted));
      n += !card.hidden;
    }
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.show === kind);
    output.textContent = output.dataset.text.replace("{n}", n);
    document.querySelector(".none-left").hidden = n > 0;
  };
  for (const button of buttons) button.addEventListener("click", () => { kind = button.dataset.show; update(); });
  search.addEventListener("input", update);
  tools.hidden = false;
  update();
}
