// A choice of the reader, of an account or of a system, holds for all pages and languages. It is
// kept in this browser, nowhere else; the theme keeps labels, which each language has of its own.
(function () {
  "use strict";
  var KEY = "publish-from-ci.choices";

  function read() {
    try {
      var kept = JSON.parse(localStorage.getItem(KEY));
      return kept && typeof kept === "object" ? kept : {};
    } catch (error) {
      return {};
    }
  }

  function showSwitch(choice, option) {
    document.getElementsByName("choice-" + choice).forEach(function (radio) {
      radio.checked = radio.value === option;
    });
  }

  // On a click the theme chooses the other tabs of the same name as well. While the page is loading
  // it does not listen yet.
  function showTabs(choice, option, loading) {
    var labels = '.tabbed-labels > [data-choice="' + choice + '"][data-option="' + option + '"]';
    document.querySelectorAll(labels).forEach(function (label) {
      var input = document.getElementById(label.htmlFor);
      if (loading) input.checked = true;
      else if (!input.checked) input.click();
    });
  }

  function keep(choice, option) {
    var kept = read();
    kept[choice] = option;
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch (error) { /* then it holds for this page */ }
  }

  function showKept(loading) {
    var kept = read();
    document.querySelectorAll(".choices input").forEach(function (radio) {
      var choice = radio.name.replace("choice-", "");
      if (kept[choice] !== radio.value) return;
      showSwitch(choice, radio.value);
      showTabs(choice, radio.value, loading);
    });
  }

  document.addEventListener("change", function (event) {
    var input = event.target, choice = input.name.replace("choice-", "");
    if (input.closest(".choices")) {
      keep(choice, input.value);
      showTabs(choice, input.value);
    } else if (input.closest(".tabbed-set")) {
      var label = document.querySelector('[data-choice][for="' + input.id + '"]');
      if (!label) return;
      keep(label.dataset.choice, label.dataset.option);
      showSwitch(label.dataset.choice, label.dataset.option);
    }
  });
  window.addEventListener("storage", function (event) {
    if (event.key === KEY) showKept();
  });
  // On the way back, the browser puts the tabs as they were.
  window.addEventListener("pageshow", function () { showKept(); });
  showKept(true);
})();
