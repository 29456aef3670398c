//! Every field of every manager of commands and modes comes back, and two processes write the same image.

mod ways;

use neovm::Vm;
use neovm::managers::{
    Abbrev, AbbrevTable, Abbrevs, Autoload, Autoloads, Awaited, Bookmark, Bookmarks, Custom, CustomGroup,
    CustomVariable, MajorMode, MinorMode, Modes, Obsolete, Rectangle, Register, Registers, Roots, Watchers,
};
use neovm::value::Value;
use std::fmt::Debug;
use std::process::Command;

/// Something in every field of every manager, on top of what the library puts there.
const FIXTURE: &str = "
(autoload 'one \"lib\\351\" \"Doc \\377\" t) (autoload 'two \"lib\" nil nil 'macro) (autoload 'three \"lib\" nil nil 'keymap)
(eval-after-load \"lib\" '(list 1)) (with-eval-after-load 'lib (ignore))
(make-obsolete 'one 'two \"1\") (make-obsolete-variable 'tab-width \"no\" nil)
(custom-declare-group 'own '((fill-column custom-variable)) \"G\" :tag \"T\" :prefix \"p-\" :group 'editor)
(custom-add-to-group 'own 'bold 'custom-face)
(custom-declare-variable 'every '(list 1) \"Doc\" :group 'own :version \"2\" :risky t :local t :require 'boot
  :set (lambda (s v) (set-default s v)) :get #'default-value :options '(a b)
  :type '(choice (const :tag \"x\" 1) (list integer natnum float number string regexp character symbol function variable
           face hook file directory color sexp boolean (repeat (set (cons (const a) (alist :key-type symbol :value-type other-type)))))))
(customize-save-variable 'scroll-lines 3) (customize-set-variable 'tab-width 2)
(mode-register-major 'm \"M\\351\" (lambda () 1) :parent 'text-mode :hook 'h :keymap 'k :syntax-table 's :abbrev-table 'a)
(mode-set-font-lock 'm '((\"p\\377\" bold :group 3 :override t :lax t)) t \"st\")
(mode-register-minor 'n '(\" N\" lighter) (make-sparse-keymap) 'n t)
(mode-set-of-buffer 99 'm) (mode-set-minor 'n t 99) (mode-set-minor 'blink-mode t t) (auto-mode-add \"x\\351\" 'm t)
(define-abbrev-table 'ab '((\"q\\351\" \"e\\377\" ignore :count 4 :system t)) \"D\" :parents '(global-abbrev-table) :case-fixed t :enabled nil :note (list 1))
(set-interactive-spec 'cons (list 'list 1 \"x\"))
(set-killed-rectangle '(\"r\\351\" \"é\"))
(kmacro-push (vector 1 'f1 (list 'e))) (kmacro-set-counter -7) (kmacro-set-format \"%x\\377\") (start-kbd-macro nil) (store-kbd-macro-event 'ev)
(set-register ?M (make-marker)) (set-register ?R '(\"\\351\"))
(bookmark-make \"\\377\" \"\\351\" -3 :front \"f\" :rear \"r\" :annotation \"a\" :handler 'h)
(add-variable-watcher 'every #'ignore)
(use-global-map (make-sparse-keymap))
";

/// All of the managers in words. Fields are taken apart by name, so that one that is added is missed by the compiler.
fn describe(vm: &Vm) -> Vec<String> {
    let p = |v: Value| vm.prin1(v);
    let list = |values: &[Value]| values.iter().map(|&v| p(v)).collect::<Vec<_>>();
    let opt = |v: Option<Value>| v.map(p);
    fn entries<K: Debug, V>(
        map: impl IntoIterator<Item = (K, V)>,
        show: impl Fn(V) -> String,
    ) -> Vec<String> {
        let mut all: Vec<String> =
            map.into_iter().map(|(key, value)| format!("{key:?}: {}", show(value))).collect();
        all.sort();
        all
    }
    let mut out = Vec::new();
    let mut section =
        |name: &str, lines: Vec<String>| out.extend(lines.into_iter().map(|line| format!("{name}: {line}")));

    let Autoloads { entries: stubs, after_load, loaded_files, obsolete_functions, obsolete_variables } =
        &vm.autoloads;
    let stub = |entry: &Autoload| {
        let Autoload { file, docstring, interactive, kind } = entry;
        format!("{file:?} {docstring:?} {interactive} {kind:?}")
    };
    section("autoload", entries(stubs, stub));
    section("after load", entries::<&Awaited, _>(after_load, |actions| format!("{:?}", list(actions))));
    section("loaded", vec![format!("{loaded_files:?}")]);
    let obsolete = |info: &Obsolete| format!("{} {}", p(info.instead), p(info.since));
    section("obsolete function", entries(obsolete_functions, obsolete));
    section("obsolete variable", entries(obsolete_variables, obsolete));

    let Custom { variables, groups } = &vm.custom;
    let variable = |v: &CustomVariable| {
        let CustomVariable {
            standard,
            saved,
            customized,
            docstring,
            // Shown as a form by `KINDS`: it holds values, which are words.
            kind: _,
            form,
            group,
            set,
            get,
            initialize,
            requires,
            version,
            risky,
            local,
        } = v;
        let values = [*saved, *customized, *set, *get, *initialize].map(opt);
        format!(
            "{} {values:?} {docstring:?} {} {group:?} {requires:?} {version:?} {risky} {local}",
            p(*standard),
            p(*form),
        )
    };
    section("option", entries(variables, variable));
    let group = |group: &CustomGroup| {
        let CustomGroup { docstring, parent, tag, prefix, members } = group;
        format!("{docstring:?} {parent:?} {tag:?} {prefix:?} {members:?}")
    };
    section("group", entries(groups, group));

    let Modes { major, minor, buffer_major, buffer_minor, global_minor, auto_mode_alist, fundamental_mode } =
        &vm.modes;
    let mode = |mode: &MajorMode| {
        let MajorMode { pretty_name, parent, hook, keymap, syntax_table, abbrev_table, body, font_lock } =
            mode;
        let values = [*parent, *hook, *keymap, *syntax_table, *abbrev_table].map(opt);
        format!("{pretty_name:?} {values:?} {} {font_lock:?}", p(*body))
    };
    section("major", entries(major, mode));
    let mode = |mode: &MinorMode| {
        let MinorMode { lighter, keymap, body, global } = mode;
        format!("{} {} {} {global}", p(*lighter), p(*keymap), p(*body))
    };
    section("minor", entries(minor, mode));
    section("major of buffer", entries(buffer_major, |&mode| p(mode)));
    section("minor of buffer", entries(buffer_minor, |modes| format!("{:?}", list(modes))));
    section("everywhere", list(global_minor));
    section(
        "file",
        auto_mode_alist.iter().map(|(pattern, mode)| format!("{pattern:?} {}", p(*mode))).collect(),
    );
    section("fundamental", vec![p(*fundamental_mode)]);

    let Abbrevs { tables, order, global_table, abbrev_mode } = &vm.abbrevs;
    let abbrev = |abbrev: &Abbrev| {
        let Abbrev { expansion, hook, count, system } = abbrev;
        format!("{expansion:?} {} {count} {system}", p(*hook))
    };
    let table = |table: &AbbrevTable| {
        let AbbrevTable { name, abbrevs, parents, properties, case_fixed, enabled } = table;
        let all = entries(abbrevs, abbrev);
        format!("{name:?} {all:?} {parents:?} {} {case_fixed} {enabled}", p(*properties))
    };
    section("abbrevs", entries(tables, table));
    section("abbrev", vec![format!("{order:?} {} {abbrev_mode}", p(*global_table))]);

    section("interactive", entries(&vm.interactive.specs, |spec| p(spec.spec)));
    let Rectangle { killed } = &vm.rectangle;
    section("rectangle", vec![format!("{killed:?}")]);
    let ring: Vec<_> = vm.kmacro.ring.iter().map(|events| list(events)).collect();
    let recording = vm.kmacro.recording.as_deref().map(list);
    section(
        "kmacro",
        vec![format!("{ring:?} {} {:?} {recording:?}", vm.kmacro.counter, vm.kmacro.counter_format)],
    );

    let Registers { registers } = &vm.registers;
    let register = |content: &Register| match content {
        Register::Text(text) => format!("text {text:?}"),
        Register::Number(n) => format!("number {n}"),
        Register::Marker(v) => format!("marker {}", p(*v)),
        Register::Rectangle(lines) => format!("rectangle {lines:?}"),
        Register::FrameConfig(v) => format!("frames {}", p(*v)),
        Register::File(name) => format!("file {name:?}"),
        Register::KbdMacro(events) => format!("keys {:?}", list(events)),
    };
    section("register", entries(registers, register));

    let Bookmarks { bookmarks, recent, modified } = &vm.bookmarks;
    let bookmark = |bookmark: &Bookmark| {
        let Bookmark { filename, position, front_context, rear_context, annotation, handler } = bookmark;
        format!("{filename:?} {position} {front_context:?} {rear_context:?} {annotation:?} {}", p(*handler))
    };
    section("bookmark", entries(bookmarks, bookmark));
    section("bookmarks", vec![format!("{recent:?} {modified}")]);

    let Watchers { watchers } = &vm.watchers;
    section(
        "watcher",
        entries(watchers, |all| format!("{:?}", all.iter().map(|w| p(w.callback)).collect::<Vec<_>>())),
    );

    let Roots {
        require_stack,
        loads_in_progress,
        current_global_map,
        standard_syntax_table,
        syntax_code_objects,
        standard_category_table,
        standard_case_table,
    } = &vm.roots;
    section("loading", vec![format!("{require_stack:?} {loads_in_progress:?}")]);
    section(
        "root",
        list(&[*current_global_map, *standard_syntax_table, *standard_category_table, *standard_case_table]),
    );
    section("syntax class", list(syntax_code_objects));
    out
}

/// The types of all options, read from what the manager holds.
const KINDS: &str =
    "(mapcar (lambda (option) (list option (custom-variable-info option 'kind))) (custom-variables))";

#[test]
fn every_field_of_every_manager_comes_back_wherever_the_image_lies() {
    let mut vm = ways::machine(FIXTURE);
    let (wanted, kinds) = (describe(&vm), vm.eval_to_string(KINDS).unwrap());
    assert!(kinds.contains("(repeat (set (cons (const a) (alist symbol other-type))))"), "{kinds}");
    for topic in
        ["register: 'M'", "option: ", "minor of buffer: 99", "watcher: ", "kmacro: [[\"1\", \"f1\", \"(e)\"]"]
    {
        assert!(wanted.iter().any(|line| line.starts_with(topic)), "nothing starts with {topic}");
    }
    let mut all = ways::loaded(&mut vm);
    all.push(vm.try_clone().unwrap());
    for mut back in all {
        for round in ["at once", "after a collection", "dumped again"] {
            for (got, wanted) in describe(&back).iter().zip(&wanted) {
                assert_eq!(got, wanted, "{round}");
            }
            assert_eq!(describe(&back).len(), wanted.len(), "{round}");
            assert_eq!(back.eval_to_string(KINDS).unwrap(), kinds, "{round}");
            match round {
                "at once" => {
                    _ = back.eval_str("(dotimes (n 2000) (list n \"garbage\")) (garbage-collect)").unwrap()
                }
                _ => back = ways::loaded(&mut back).swap_remove(2),
            }
        }
    }
}

#[test]
fn two_processes_that_run_the_same_program_write_the_same_image() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("fixture.el");
    std::fs::write(&program, FIXTURE).unwrap();
    let images = ["one", "two"].map(|name| {
        let path = folder.path().join(name);
        let mut dump = Command::new(env!("CARGO_BIN_EXE_neovm"));
        let status = dump.arg("dump").arg("-o").arg(&path).arg(&program).output().unwrap().status;
        assert!(status.success());
        std::fs::read(path).unwrap()
    });
    assert!(images[0] == images[1]);
}

#[test]
fn what_a_collection_would_lose_is_reached_through_the_managers_alone() {
    // Each value is held by one manager and nothing else.
    ways::everywhere(
        "(set-interactive-spec 'cons (list 'list (concat \"in\" \"teractive\")))
         (set-register ?V (record 'place (concat \"reg\" \"ister\")))
         (eval-after-load 'never (list 'quote (concat \"after\" \"-load\")))
         (kmacro-push (vector (list (concat \"kma\" \"cro\"))))
         (bookmark-make \"b\" \"f\" 1 :handler (list 'handler (concat \"book\" \"mark\")))
         (add-variable-watcher 'unwatched-till-now (list 'lambda '(&rest _) (concat \"wat\" \"cher\")))
         (make-obsolete 'gone (concat \"obso\" \"lete\") (concat \"si\" \"nce\"))
         (mode-register-minor 'held (list (concat \"mi\" \"nor\")) nil nil nil)
         (define-abbrev-table 'held nil nil 'note (list (concat \"ab\" \"brev\")))
         (customize-save-variable 'highlight-color (concat \"col\" \"or\")) (setq highlight-color nil)
         (garbage-collect)",
        &[
            ("(interactive-form 'cons)", "(interactive (list \"interactive\"))"),
            ("(aref (get-register ?V) 1)", "\"register\""),
            ("(after-load-actions 'never)", "('\"after-load\")"),
            ("(last-kbd-macro)", "[(\"kmacro\")]"),
            ("(bookmark-prop \"b\" 'handler)", "(handler \"bookmark\")"),
            ("(get-variable-watchers 'unwatched-till-now)", "((lambda (&rest _) \"watcher\"))"),
            ("(obsolete-function-info 'gone)", "(\"obsolete\" \"since\")"),
            ("(minor-mode-info 'held 'lighter)", "(\"minor\")"),
            ("(abbrev-table-get 'held 'note)", "(\"abbrev\")"),
            ("(custom-variable-info 'highlight-color 'saved)", "(\"color\")"),
        ],
    );
}
