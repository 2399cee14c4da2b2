const [role, name] = args;
// Chromium works out a name only when asked, and slowly: first leave out what cannot have this one.
const words = (text) => (text || "").replace(/\s+/g, " ").trim();
const mayBeNamed = (element) =>
    [
        element.getAttribute("aria-label"),
        element.getAttribute("title"),
        element.getAttribute("alt"),
        element.getAttribute("placeholder"),
        element.value,
        ...[...(element.labels || [])].map((label) => label.textContent),
        ...words(element.getAttribute("aria-labelledby"))
            .split(" ")
            .map((id) => document.getElementById(id)?.textContent),
    ].some((text) => typeof text === "string" && words(text).includes(name.split(" ")[0])) ||
    words(element.textContent).replaceAll(" ", "").includes(name.replaceAll(" ", ""));
const elements = [...document.body.querySelectorAll("*")].filter(
    (element) =>
        mayBeNamed(element) &&
        element.checkVisibility({ visibilityProperty: true }) &&
        (role === null || element.computedRole === role) &&
        words(element.computedName) === name,
);
