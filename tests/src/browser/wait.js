const [patienceMs, args, done] = arguments;
const ask = (args) => {
    %ASK%
};
let ended = false;
const end = (answer) => {
    if (ended) return;
    ended = true;
    observer.disconnect();
    clearTimeout(timer);
    done(answer);
};
const look = () => {
    if (ended) return;
    try {
        const found = ask(args);
        if (found !== null && found !== undefined && found !== false) end({ found });
    } catch (error) {
        end({ error: String(error) });
    }
};
const observer = new MutationObserver(look);
const timer = setTimeout(() => {
    look();
    end({ text: document.body ? document.body.innerText.slice(0, 3000) : "" });
}, patienceMs);
observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
// Scrolling, focus and layout change nothing that an observer sees.
const frame = () => {
    look();
    if (!ended) requestAnimationFrame(frame);
};
frame();
