//! What the commands write, as snapshots: of the machine of the tests, which has a field of every kind.

mod common;

use common::{fixture, run};
use insta::assert_snapshot;

#[test]
fn inspect_shows_where_everything_is() {
    assert_snapshot!(run(&fixture(), "inspect vm.ndump"));
    assert_snapshot!("inspect_json", run(&fixture(), "inspect vm.ndump --json"));
}

#[test]
fn verify_says_that_an_image_is_intact() {
    assert_snapshot!(run(&fixture(), "verify vm.ndump"), @"intact: fixture version 5, 320 KiB in 17 sections");
    assert_snapshot!("verify_audit", run(&fixture(), "verify vm.ndump --audit"));
    assert_snapshot!("verify_json", run(&fixture(), "verify vm.ndump --audit --json"));
}

#[test]
fn schema_shows_all_types_or_one() {
    assert_snapshot!(run(&fixture(), "schema vm.ndump Table"));
    assert_snapshot!("schema_json", run(&fixture(), "schema vm.ndump Table --json"));
}

#[test]
fn every_record_of_every_section_decodes() {
    for section in [
        "Root",
        "registers",
        "scalars",
        "owned",
        "library",
        "maps",
        "HeapImage",
        "Hydration",
        "SymbolTable",
        "Natives",
    ] {
        assert_snapshot!(
            format!("section_{section}"),
            run(&fixture(), &format!("dump-section vm.ndump {section}"))
        );
        let json = run(&fixture(), &format!("dump-section vm.ndump {section} --json"));
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
        assert_snapshot!(format!("section_{section}_json"), json);
    }
}

#[test]
fn find_tells_who_mentions_a_symbol_or_a_text() {
    assert_snapshot!("find_symbol", run(&fixture(), "find vm.ndump --symbol foo"));
    assert_snapshot!("find_string", run(&fixture(), "find vm.ndump --string text"));
    assert_snapshot!("find_json", run(&fixture(), "find vm.ndump --string shared --json"));
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    assert_snapshot!("no_section", run(&fixture(), "dump-section vm.ndump nothing"));
    assert_snapshot!("no_type", run(&fixture(), "schema vm.ndump Nothing"));
    assert_snapshot!("no_object", run(&fixture(), "object vm.ndump 0x10"));
    assert_snapshot!("no_symbol", run(&fixture(), "find vm.ndump --symbol nobody"));
}

#[test]
fn help_completions_and_the_manual_know_every_command() {
    let help = run(&[], "--help");
    let commands = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty() && *name != "help").collect();
    assert!(names.contains(&"inspect") && names.contains(&"man"), "{help}");
    let (manual, completions) = (run(&[], "man"), run(&[], "completions bash"));
    for name in names {
        assert!(completions.contains(name), "{name}");
        assert!(manual.contains(&name.replace('-', "\\-")), "{name}: {manual}");
        assert!(run(&[], &format!("man {name}")).contains("SH SYNOPSIS"), "{name}");
        assert!(run(&[], &format!("{name} --help")).contains("Usage: neodump"), "{name}");
    }
    assert_eq!(
        run(&[], "man nothing"),
        "error: there is no command nothing; `neodump --help` lists all\nexit code 1\n"
    );
}

#[test]
fn a_wrong_command_line_has_an_exit_code_of_its_own() {
    for wrong in
        ["", "nothing", "inspect", "object vm.ndump here", "find vm.ndump", "inspect vm.ndump --wrong"]
    {
        let text = run(&fixture(), wrong);
        assert!(text.ends_with("exit code 2\n"), "{wrong}: {text}");
    }
}
