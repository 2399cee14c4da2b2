const [text] = arguments;
const stamps = (window.taskyardStamps ??= {});
delete stamps[text];
const has = (node) => (node.textContent || "").includes(text);
const observer = new MutationObserver((changes) => {
    const changed = changes.flatMap((change) => (change.type === "characterData" ? [change.target] : [...change.addedNodes]));
    if (!changed.some(has)) return;
    stamps[text] = performance.timeOrigin + performance.now();
    observer.disconnect();
});
observer.observe(document.body, { subtree: true, childList: true, characterData: true });
