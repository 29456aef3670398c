//! The bundled Lisp library: what every machine is booted from, in the order in which it is loaded, and what is loaded when
//! it is first needed.

/// The name and text of each file.
pub(crate) const FILES: &[(&str, &[u8])] = &[
    ("boot.el", include_bytes!("../lisp/boot.el")),
    ("subr.el", include_bytes!("../lisp/subr.el")),
    ("cl.el", include_bytes!("../lisp/cl.el")),
    ("pp.el", include_bytes!("../lisp/pp.el")),
    ("ert.el", include_bytes!("../lisp/ert.el")),
    ("text.el", include_bytes!("../lisp/text.el")),
    ("autoload.el", include_bytes!("../lisp/autoload.el")),
    ("custom.el", include_bytes!("../lisp/custom.el")),
    ("hooks.el", include_bytes!("../lisp/hooks.el")),
    ("buffers.el", include_bytes!("../lisp/buffers.el")),
    ("advice.el", include_bytes!("../lisp/advice.el")),
    ("syntax.el", include_bytes!("../lisp/syntax.el")),
    ("keymaps.el", include_bytes!("../lisp/keymaps.el")),
    ("abbrev.el", include_bytes!("../lisp/abbrev.el")),
    ("modes.el", include_bytes!("../lisp/modes.el")),
    ("registers.el", include_bytes!("../lisp/registers.el")),
    ("faces.el", include_bytes!("../lisp/faces.el")),
    ("charsets.el", include_bytes!("../lisp/charsets.el")),
    ("fontset.el", include_bytes!("../lisp/fontset.el")),
    ("coding.el", include_bytes!("../lisp/coding.el")),
    ("numbers.el", include_bytes!("../lisp/numbers.el")),
];

/// Files that `load` finds by name, when there is none of this name on disk.
const ON_DEMAND: &[(&str, &[u8])] = &[("text-tools.el", include_bytes!("../lisp/text-tools.el"))];

/// The bundled file that `load` means by a name, with or without its extension.
pub(crate) fn find(name: &[u8]) -> Option<(&'static str, &'static [u8])> {
    let all = FILES.iter().chain(ON_DEMAND);
    let named = |file: &str| file.as_bytes() == name || file.as_bytes().strip_suffix(b".el") == Some(name);
    all.copied().find(|(file, _)| named(file))
}
