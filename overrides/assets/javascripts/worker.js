// The search starts when it is first used, not with each page. From a disk, where browsers start
// no workers, the same script runs in a frame that is not shown.
(function () {
  "use strict";
  var Real = window.Worker;

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
