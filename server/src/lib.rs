//! Taskyard: a background-job server with a live board.
