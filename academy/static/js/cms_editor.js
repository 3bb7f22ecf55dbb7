/* What the page editor of the CMS lacks. */

/* Words for the menu of the table editor, which knows no Indonesian. */
if (window.Handsontable) {
  Handsontable.languages.registerLanguageDictionary({
    languageCode: "id",
    "ContextMenu:items.insertRowAbove": "Sisipkan baris di atas",
    "ContextMenu:items.insertRowBelow": "Sisipkan baris di bawah",
    "ContextMenu:items.insertColumnOnTheLeft": "Sisipkan kolom di kiri",
    "ContextMenu:items.insertColumnOnTheRight": "Sisipkan kolom di kanan",
    "ContextMenu:items.removeRow": ["Hapus baris", "Hapus baris-baris ini"],
    "ContextMenu:items.removeColumn": ["Hapus kolom", "Hapus kolom-kolom ini"],
    "ContextMenu:items.undo": "Urungkan",
    "ContextMenu:items.redo": "Ulangi",
  });
}

/* A button pressed while a draft saves itself waits for it, and no draft is saved after it: else a new page would be
   made twice, which is refused. */
(() => {
  const PATIENCE = 10000; // ms: a draft that hangs longer, on a weak line, must not keep the button waiting
  let saving = false;
  let waiting = null; // what was pressed meanwhile: its form, and the hidden field that stands for the button
  let leaving = false;

  const send = () => {
    saving = false;
    if (waiting) waiting.form.requestSubmit();
  };
  document.addEventListener("w-autosave:save", (event) => {
    if (waiting || leaving) event.preventDefault();
    else if (!event.defaultPrevented) saving = true;
  });
  document.addEventListener("w-autosave:success", send);
  document.addEventListener("w-autosave:error", send);
  window.addEventListener("pageshow", () => {
    waiting?.button?.remove(); // a page that comes back from the browser's memory begins anew
    saving = leaving = false;
    waiting = null;
  });
  document.addEventListener(
    "submit",
    (event) => {
      if (!event.target.matches("[data-edit-form]")) return;
      leaving = !saving;
      if (leaving) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (waiting) return;
      waiting = { form: event.target, button: null };
      const { name, value } = event.submitter ?? {};
      if (name) {
        waiting.button = Object.assign(document.createElement("input"), { type: "hidden", name, value });
        waiting.form.append(waiting.button);
      }
      setTimeout(send, PATIENCE);
    },
    true,
  );
})();
