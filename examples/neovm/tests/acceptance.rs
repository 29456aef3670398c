//! What a dump of this machine has to keep, and the test that keeps it.
//!
//! The numbers are those of the list that a hand-written dump of such a machine was tested with; the rows without a number
//! came later, most of them after state had been lost. `every_row_names_a_test_that_is_there` reads this table.
//!
//! | what | file | test |
//! |---|---|---|
//! | 1 an integer variable survives a file | lifecycle.rs | a_variable_survives_a_file |
//! | 2 every section is there and decodes | mapped.rs | every_section_of_the_image_is_there_and_every_manager_has_one |
//! | 3 a string and its bytes are mapped | mapped.rs | the_bytes_of_a_string_lie_in_the_image_and_its_properties_survive |
//! | 4 text properties survive load and collection | mapped.rs | the_bytes_of_a_string_lie_in_the_image_and_its_properties_survive |
//! | 5 a vector, its slots and children | mapped.rs | a_vector_its_slots_and_its_children_lie_in_the_image |
//! | 6 a record | mapped.rs | a_record_lies_in_the_image |
//! | 7 a function | mapped.rs | a_function_lies_in_the_image |
//! | 8 a cons with a vector in it | mapped.rs | a_cons_and_what_is_nested_in_it_lie_in_the_image |
//! | 9 a float | mapped.rs | a_float_lies_in_the_image |
//! | 10 a marker | markers.rs | markers_lie_in_the_image_and_are_written_only_when_they_move |
//! | 11 an overlay with its properties | markers.rs | an_overlay_lies_in_the_image |
//! | 12 a bound variable is dumped with its default | lifecycle.rs | a_variable_that_is_bound_during_the_dump_is_dumped_with_its_top_level_value |
//! | 13 what is required and loaded survives a clone | mapped.rs | a_clone_keeps_what_is_being_required_and_loaded |
//! | 14 the live charsets after a clone, twice | charsets.rs | the_live_registry_comes_back_after_a_clone_took_the_thread_twice_with_its_string |
//! | 15 variables of buffers | buffer_images.rs | every_buffer_has_its_variables_and_every_variable_its_default |
//! | 16 faces by symbol, whatever names them | faces.rs | no_field_of_a_face_is_lost_whatever_it_holds_and_whatever_names_it |
//! | 17 a file load is told of and runs no hook | lifecycle.rs | a_load_from_a_file_is_told_of_and_runs_no_hook_until_it_is_asked_to_once |
//! | 18 another fingerprint: both values | lifecycle.rs | a_file_that_is_no_image_or_another_machines_is_refused_with_what_differs |
//! | 19 another magic | lifecycle.rs | a_file_that_is_no_image_or_another_machines_is_refused_with_what_differs |
//! | 20 boot, dump, drop, load, evaluate | lifecycle.rs | a_booted_machine_is_dumped_dropped_loaded_and_evaluates |
//! | 21 syntax tables of derived modes | modes.rs | syntax_tables_of_derived_modes_keep_their_entries_and_their_parents |
//! | 22 the standard syntax table | modes.rs | the_standard_tables_are_those_that_the_machine_falls_back_to |
//! | 23 the order of fonts for Han | fontsets.rs | the_order_of_fonts_for_han_and_all_else_comes_back_wherever_the_image_lies |
//! | 24 two restores are isolated | lifecycle.rs | two_machines_restored_from_one_snapshot_do_not_see_each_other |
//! | 25 functions of the machine after a restore | lifecycle.rs | core_functions_can_be_called_after_a_restore_and_are_the_same_by_name |
//! | 26 a lone uninterned symbol | mapped.rs | a_lone_uninterned_symbol_stays_uninterned |
//! | 27 raw bytes in names | mapped.rs | the_raw_bytes_of_a_symbol_name_survive_interned_and_not |
//! | 28 a function of the machine by name | lifecycle.rs | core_functions_can_be_called_after_a_restore_and_are_the_same_by_name |
//! | 29 a snapshot is no file session | lifecycle.rs | a_restored_snapshot_reports_no_file_session_and_runs_no_hook |
//! | 30 garbage instead of a section | mapped.rs | whatever_byte_of_an_image_is_damaged_the_load_is_refused_or_the_machine_is_the_same |
//! | 31 an operation that is not known, in words | differential.rs | a_loaded_machine_answers_as_the_booted_one |
//! | 32 a symbol has one place: cells lie by id, so two cannot be written | image.rs | new_symbols_follow_those_of_the_image |
//! | 33 no member without a symbol: there is no list of members beside the symbols | image.rs | new_symbols_follow_those_of_the_image |
//! | hook once, after the machine is complete | lifecycle.rs | a_load_from_a_file_is_told_of_and_runs_no_hook_until_it_is_asked_to_once |
//! | a list of 10,000 conses | mapped.rs | a_list_of_ten_thousand_conses_comes_back |
//! | lists and nests of millions on a small stack | image.rs | a_list_of_millions_and_a_nest_as_deep_come_back_on_a_small_stack |
//! | a mapped string is copied when it is changed | mapped.rs | a_string_of_the_image_is_copied_when_it_is_first_changed_and_not_before |
//! | mapped slots are copied when they are changed | mapped.rs | slots_of_the_image_are_copied_when_they_are_first_changed_and_the_object_stays |
//! | indirect buffers share text and undo | buffer_images.rs | indirect_buffers_share_text_and_undo_after_a_load |
//! | the dump command writes a file that loads | lifecycle.rs | it_writes_a_file_that_loads |
//! | the dump command overwrites | lifecycle.rs | it_overwrites |
//! | the dump command takes relative names | lifecycle.rs | a_relative_name_is_relative_to_default_directory |
//! | the dump command works in batch mode only | lifecycle.rs | it_works_in_batch_mode_only |
//! | the dump command refuses beside other threads | lifecycle.rs | it_refuses_while_another_lisp_thread_lives |
//! | what belongs to the process, before and after | lifecycle.rs | what_belongs_to_the_process_is_aside_in_the_image_and_back_after_the_dump |
//! | the name of a cached boot follows its sources | acceptance.rs | the_name_of_a_cached_boot_changes_with_its_sources |
//! | keymaps behind prefixes | keys.rs | a_prefix_key_leads_to_the_very_keymap_that_its_variable_holds |
//! | a shared keymap is one keymap | keys.rs | a_keymap_that_two_prefixes_share_is_one_keymap_and_keeps_its_parent |
//! | a selected global map that is none is refused | keys.rs | an_image_whose_selected_global_map_is_no_keymap_is_refused |
//! | advice is taken away after a load | keys.rs | advice_added_before_a_dump_works_and_can_be_taken_away_after_it |
//! | advice stays on what is redefined | keys.rs | a_function_redefined_after_a_load_keeps_the_advice_of_before_the_dump |
//! | pieces of advice keep their order | keys.rs | several_pieces_of_advice_keep_their_order_and_kinds |
//! | byte code of the image runs and stays | mapped.rs | byte_code_of_the_image_is_called_and_survives_collections |
//! | a mapped marker follows edits over three collections | markers.rs | a_marker_of_an_image_follows_the_text_over_three_collections |
//! | a dead marker leaves its chain | markers.rs | a_dead_marker_leaves_its_chain_and_a_living_one_stays |
//! | an overlay is one object | markers.rs | an_overlay_is_one_object_to_its_buffer_and_to_the_program |
//! | the order of buffers | buffer_images.rs | the_order_of_buffers_and_the_current_one_come_back |
//! | one handle each for buffers, windows, frames, timers | markers.rs | a_buffer_a_window_a_frame_and_a_timer_have_one_handle_each |
//! | the terminal of the process after a clone | acceptance.rs | the_terminal_belongs_to_the_process_and_a_clone_makes_its_own |
//! | a first collection looks into each object once | mapped.rs | the_first_collection_looks_into_each_object_of_the_image_once |
//! | a collection writes no page of the image | untouched.rs | collecting_a_mapped_machine_writes_no_page_of_its_objects |
//! | equal bytes from two processes | mapped.rs | two_processes_write_the_same_bytes_whatever_lay_on_the_stack_before |
//! | a bignum key of a table of identity is found | differential.rs | a_loaded_machine_answers_as_the_booted_one |
//! | a failed load leaves the machine usable | lifecycle.rs | a_failed_load_leaves_everything_usable |
//! | another layout is refused | image.rs | the_format_changes_with_its_version_only |
//! | the functions of the image have to be there | image.rs | a_machine_without_the_functions_of_an_image_refuses_it |
//! | a second thread has its own resets | lifecycle.rs | a_second_thread_has_its_own_resets_and_a_machine_runs_them_there |
//! | all attributes of faces | faces.rs | every_attribute_of_a_face_comes_back_wherever_the_image_lies |
//! | charsets | charsets.rs | every_field_of_a_charset_comes_back_wherever_the_image_lies |
//! | coding systems and the order of aliases | codings.rs | every_field_of_a_coding_system_and_the_order_of_aliases_come_back_wherever_the_image_lies |
//! | bookmarks: raw bytes, order, whether saved | registers.rs | bookmarks_keep_raw_bytes_their_order_and_whether_they_were_saved |
//! | registers of every kind | registers.rs | a_register_of_each_kind_keeps_its_kind_content_and_identity |
//! | interactive forms are roots | keys.rs | the_interactive_form_of_a_closure_and_of_a_function_of_the_machine_survives_collections |
//! | options with their types | modes.rs | options_keep_their_types_values_and_setters |
//! | what a release gives back | release.rs | a_released_machine_gives_back_all_memory_once |

use neovm::{Vm, cache};

#[test]
fn every_row_names_a_test_that_is_there() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut numbers = Vec::new();
    for row in include_str!("acceptance.rs").lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let [what, file, test] = row.trim_end_matches(" |").split(" | ").collect::<Vec<_>>()[..] else {
            panic!("no row: {row}");
        };
        if file == "file" {
            continue;
        }
        let text =
            std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let (before, _) =
            text.split_once(&format!("fn {test}(")).unwrap_or_else(|| panic!("{what}: {file} has no {test}"));
        assert!(before.trim_end().ends_with("#[test]"), "{what}: {test} is no test");
        numbers.extend(what.split(' ').next().and_then(|number| number.parse::<u32>().ok()));
    }
    assert_eq!(numbers, (1..=33).collect::<Vec<_>>());
}

#[test]
fn the_name_of_a_cached_boot_changes_with_its_sources() {
    let name =
        |files: &[(&str, &str)]| cache::file_name(files.iter().map(|(name, text)| (*name, text.as_bytes())));
    let one = name(&[("a.el", "(a)"), ("b.el", "(b)")]);
    assert_eq!(one, name(&[("a.el", "(a)"), ("b.el", "(b)")]));
    for other in [
        name(&[("a.el", "(a) "), ("b.el", "(b)")]),
        name(&[("b.el", "(b)"), ("a.el", "(a)")]),
        name(&[("a.el", "(a)(b)"), ("b.el", "")]),
        name(&[("a.el", "(a)")]),
        name(&[("aa.el", "(a)"), ("b.el", "(b)")]),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn a_cached_boot_is_started_from_and_made_anew_when_it_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let first = Vm::boot_cached(folder.path()).unwrap();
    assert!(first.file_session().is_none());
    let mut second = Vm::boot_cached(folder.path()).unwrap();
    assert_eq!(second.file_session().unwrap().path, cache::path_in(folder.path()).canonicalize().unwrap());
    assert_eq!(second.eval_to_string("(list (featurep 'boot) (cl-evenp 4))").unwrap(), "(t t)");
    std::fs::write(cache::path_in(folder.path()), "damaged").unwrap();
    assert!(Vm::boot_cached(folder.path()).unwrap().file_session().is_none());
    assert!(Vm::boot_cached(folder.path()).unwrap().file_session().is_some());
}

#[test]
fn the_terminal_belongs_to_the_process_and_a_clone_makes_its_own() {
    let mut vm = Vm::boot().unwrap();
    let ask = |vm: &mut Vm, text: &str| vm.eval_to_string(text).unwrap();
    vm.eval_str("(aset (frame-terminal) 2 (list 'parameter \"of the live one\"))").unwrap();
    let mut clone = vm.try_clone().unwrap();
    clone.eval_str("(garbage-collect) (setq theirs (frame-terminal)) (garbage-collect)").unwrap();
    assert_eq!(
        ask(&mut clone, "(list (terminal-live-p theirs) (eq theirs (frame-terminal)) (aref theirs 2))"),
        "(t t nil)"
    );
    drop(clone);
    vm.eval_str("(garbage-collect)").unwrap();
    assert_eq!(ask(&mut vm, "(aref (frame-terminal) 2)"), "(parameter \"of the live one\")");
    // A terminal that a program holds is dumped as a record, and is the terminal of no other process.
    vm.eval_str("(setq mine (frame-terminal))").unwrap();
    let mut back = vm.try_clone().unwrap();
    assert_eq!(ask(&mut back, "(list (aref mine 1) (terminal-live-p mine))"), "(\"initial_terminal\" nil)");
    assert_eq!(ask(&mut vm, "(terminal-live-p mine)"), "t");
}
