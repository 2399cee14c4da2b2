const [key] = arguments;
const stamps = (window.taskyardStamps ??= {});
delete stamps[key];
addEventListener(
    "click",
    (event) => {
        stamps[key] = performance.timeOrigin + event.timeStamp;
    },
    { capture: true, once: true },
);
