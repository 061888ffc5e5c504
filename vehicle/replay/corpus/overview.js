"use strict";
// Sorts and narrows the table of logs. Knows cells and keys; knows nothing of what they mean.
(() => {
const $ = (selector) => document.querySelector(selector);
const body = $(".logs tbody"), heads = [...document.querySelectorAll(".logs th")];
const rows = [...body.rows];
const texts = rows.map((row) => (row.cells[0].textContent + " " + row.cells[1].textContent).toLowerCase());
const isReplayed = (row) => row.dataset.outcome === "replayed";
const compareWords = new Intl.Collator("en", { numeric: true }).compare;

/** What a cell is sorted by: a number, its words, or nothing. */
function keyOf(row, column) {
  if (column > 0 && !isReplayed(row)) return null;
  const cell = row.cells[column];
  if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
  return cell.textContent || null;
}
/** Cells with nothing in them stay at the end, whichever way the others go. */
function sortBy(column, direction) {
  const keyed = rows.map((row) => ({ row, key: keyOf(row, column) }));
  keyed.sort((one, other) => {
    if (one.key === null || other.key === null) return (one.key === null) - (other.key === null);
    return direction * (typeof one.key === "number" ? one.key - other.key : compareWords(one.key, other.key));
  });
  body.append(...keyed.map(({ row }) => row));
  heads.forEach((head, i) => {
    if (i === column) head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  });
}
heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
  const now = head.getAttribute("aria-sort"), first = column < 2 ? 1 : -1;
  sortBy(column, now === null ? first : now === "ascending" ? -1 : 1);
}));

function narrow() {
  const which = $("#which").value, words = $("#words").value.trim().toLowerCase();
  let count = 0;
  rows.forEach((row, i) => {
    const kind = which === "all" || (which === "worth" ? "worth" in row.dataset : row.dataset.outcome === which);
    row.hidden = !(kind && texts[i].includes(words));
    count += !row.hidden;
  });
  $(".count").textContent = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
}
$("#which").addEventListener("change", narrow);
$("#words").addEventListener("input", narrow);
narrow();
})();
