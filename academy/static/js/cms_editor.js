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
  let saving = false;
  let waiting = null; // the form whose button was pressed meanwhile
  let leaving = false;

  document.addEventListener("w-autosave:save", (event) => {
    if (waiting || leaving) event.preventDefault();
    else saving = true;
  });
  for (const name of ["w-autosave:success", "w-autosave:error"]) {
    document.addEventListener(name, () => {
      saving = false;
      if (waiting) waiting.requestSubmit();
    });
  }
  window.addEventListener("pageshow", () => {
    leaving = false;
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
      waiting = event.target;
      const { name, value } = event.submitter ?? {};
      if (name) waiting.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    },
    true,
  );
})();
