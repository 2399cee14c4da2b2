//! What the tests share: a server on a free port, clients, a browser.
