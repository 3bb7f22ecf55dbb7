/* Words for the menu of Wagtail's table editor, which knows no Indonesian. */
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
