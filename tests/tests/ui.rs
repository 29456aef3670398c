//! Every mistake that a user can make with the derive is answered at the token that shows it.
//!
//! One folder a topic. `TRYBUILD=overwrite cargo test --test ui` accepts the messages of a new compiler.

#[test]
fn mistakes_are_answered_where_they_are() {
    let tests = trybuild::TestCases::new();
    for topic in [
        "attribute",
        "container",
        "enum",
        "field",
        "image",
        "load_work",
        "object",
        "pointer",
        "policy",
        "remote",
        "section",
        "union",
        "word",
    ] {
        tests.compile_fail(format!("tests/ui/{topic}/*.rs"));
    }
}
