// The search index is fetched when the search is opened, and the search runs from then on; the theme
// by itself does both with each page. From a disk, where browsers start no workers, the script of
// the search runs in a frame that is not shown.
(function () {
  "use strict";
  var Real = window.Worker, Request = window.XMLHttpRequest;

  // A result's address has the words to mark on its page, for which the theme needs the index.
  var opened = new Promise(function (done) {
    if (new URLSearchParams(location.search).has("h")) done();
    document.addEventListener("focusin", function (event) {
      if (event.target.matches("[data-md-component=search-query]")) done();
    });
  });

  window.XMLHttpRequest = class extends Request {
    open(method, url) {
      this.late = String(url).endsWith("/search/search_index.json");
      return super.open.apply(this, arguments);
    }
    send(body) {
      if (this.late) opened.then(() => super.send(body));
      else super.send(body);
    }
  };

  function inFrame(url, answer) {
    var frame = document.createElement("iframe"), waiting = [], ready = false;
    frame.hidden = true;
    document.body.append(frame);
    var inside = frame.contentWindow;
    function load(address) {
      return new Promise(function (done, failed) {
        var script = inside.document.createElement("script");
        script.src = address;
        script.onload = done;
        script.onerror = failed;
        inside.document.body.append(script);
      });
    }
    function send(data) {
      inside.dispatchEvent(new MessageEvent("message", { data: data }));
    }
    inside.postMessage = answer;
    inside.importScripts = function () {
      return Array.from(arguments).reduce(function (before, path) {
        return before.then(function () { return load(new URL(path, url)); });
      }, Promise.resolve());
    };
    load(url).then(function () {
      ready = true;
      waiting.forEach(send);
    });
    return function (data) { if (ready) send(data); else waiting.push(data); };
  }

  function inWorker(url, answer) {
    var worker = new Real(url);
    worker.onmessage = function (event) { answer(event.data); };
    return worker.postMessage.bind(worker);
  }

  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.url = new URL(url, location);
    }
    postMessage(data) {
      var start = location.protocol === "file:" ? inFrame : inWorker;
      this.send = this.send || start(this.url, (answer) => {
        this.dispatchEvent(new MessageEvent("message", { data: answer }));
      });
      this.send(data);
    }
  };
})();
