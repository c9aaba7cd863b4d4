// Sets the chosen theme before the first paint; without a choice the browser's preference rules.
(function () {
  try {
    var chosen = localStorage.getItem("starling-theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch (e) {
    // Storage is blocked: the browser's preference rules.
  }
})();
