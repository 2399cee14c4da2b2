//! The functions of SQLite that a report may call: those that only compute.
//!
//! It is a list of what is allowed, since SQLite has functions that reach into the process (`fts3_tokenizer` tells and
//! takes addresses, `load_extension` loads code), and may get more of them.

/// As SQLite names them in its documentation: <https://sqlite.org/lang_corefunc.html> and the pages beside it.
const ALLOWED: [&[&str]; 6] = [CORE, AGGREGATE_AND_WINDOW, DATE_AND_TIME, MATH, JSON, FULL_TEXT];

#[rustfmt::skip]
const CORE: &[&str] = &[
    "abs", "changes", "char", "coalesce", "concat", "concat_ws", "format", "glob", "hex", "if", "ifnull", "iif", "instr",
    "last_insert_rowid", "length", "like", "likelihood", "likely", "lower", "ltrim", "max", "min", "nullif",
    "octet_length", "printf", "quote", "random", "randomblob", "replace", "round", "rtrim", "sign", "soundex",
    "sqlite_compileoption_get", "sqlite_compileoption_used", "sqlite_source_id", "sqlite_version", "substr", "substring",
    "subtype", "total_changes", "trim", "typeof", "unhex", "unicode", "unistr", "unistr_quote", "unlikely", "upper",
    "zeroblob",
];

#[rustfmt::skip]
const AGGREGATE_AND_WINDOW: &[&str] = &[
    "avg", "count", "cume_dist", "dense_rank", "first_value", "group_concat", "lag", "last_value", "lead", "median",
    "nth_value", "ntile", "percent_rank", "percentile", "percentile_cont", "percentile_disc", "rank", "row_number",
    "string_agg", "sum", "total",
];

#[rustfmt::skip]
const DATE_AND_TIME: &[&str] = &[
    "current_date", "current_time", "current_timestamp", "date", "datetime", "julianday", "strftime", "time", "timediff",
    "unixepoch",
];

#[rustfmt::skip]
const MATH: &[&str] = &[
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "cos", "cosh", "degrees", "exp",
    "floor", "ln", "log", "log10", "log2", "mod", "pi", "pow", "power", "radians", "sin", "sinh", "sqrt", "tan", "tanh",
    "trunc",
];

#[rustfmt::skip]
const JSON: &[&str] = &[
    "->", "->>", "json", "json_array", "json_array_insert", "json_array_length", "json_error_position", "json_extract",
    "json_group_array", "json_group_object", "json_insert", "json_object", "json_patch", "json_pretty", "json_quote",
    "json_remove", "json_replace", "json_set", "json_type", "json_valid", "jsonb", "jsonb_array", "jsonb_array_insert",
    "jsonb_extract", "jsonb_group_array", "jsonb_group_object", "jsonb_insert", "jsonb_object", "jsonb_patch",
    "jsonb_remove", "jsonb_replace", "jsonb_set",
];

/// Of FTS5, and the operator of all full-text search.
const FULL_TEXT: &[&str] = &["bm25", "highlight", "match", "snippet"];

pub(super) fn may_be_called(name: &str) -> bool {
    ALLOWED.iter().copied().flatten().any(|allowed| allowed.eq_ignore_ascii_case(name))
}

#[test]
fn of_all_functions_that_there_are_those_that_do_more_than_compute_are_left_out() {
    let connection = rusqlite::Connection::open_in_memory().expect("opened");
    let mut query = connection
        .prepare("SELECT DISTINCT name FROM pragma_function_list ORDER BY name")
        .expect("SQLite lists them");
    let names = query.query_map([], |row| row.get::<_, String>(0)).expect("names");
    let left_out: Vec<String> = names.flatten().filter(|name| !may_be_called(name)).collect();
    #[rustfmt::skip]
    let expected = [
        "fts3_tokenizer", "fts5", "fts5_get_locale", "fts5_insttoken", "fts5_locale", "fts5_source_id", "load_extension",
        "matchinfo", "offsets", "optimize", "rtreecheck", "rtreedepth", "rtreenode", "sqlite_log",
    ];
    assert_eq!(left_out, expected);
}
