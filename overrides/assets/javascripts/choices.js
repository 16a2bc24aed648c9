// What a reader chooses holds for all pages and languages. It is kept in this browser, nowhere else.
(function () {
  "use strict";
  var KEY = "publish-from-ci.choices", kept = {};

  function read() {
    try {
      kept = Object(JSON.parse(localStorage.getItem(KEY)));
    } catch (error) { /* then it holds for this page */ }
  }

  // A click moves the line below the theme's tabs too, which is not there while the page is loading.
  function show(loading) {
    document.querySelectorAll("[data-choice]").forEach(function (label) {
      var input = label.control;
      if (kept[label.dataset.choice] !== label.dataset.option || input.checked) return;
      if (loading) input.checked = true;
      else input.click();
    });
  }

  document.addEventListener("change", function (event) {
    var label = event.target.labels && event.target.labels[0];
    if (!label || !label.dataset.choice) return;
    kept[label.dataset.choice] = label.dataset.option;
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch (error) { /* as above */ }
    show();
  });
  function again() {
    read();
    show();
  }
  window.addEventListener("storage", again);
  // On the way back, the browser puts the tabs as they were.
  window.addEventListener("pageshow", again);
  read();
  show(true);
})();
