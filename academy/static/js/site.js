// Only improves what already works without it.
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("[data-menu][open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  const menu = document.querySelector("[data-menu][open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
  if (event.target.closest("[data-print]")) window.print();
});
for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
}
document.querySelector("[data-focus]")?.focus();
