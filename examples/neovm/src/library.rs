//! The bundled Lisp library: what every machine is booted from, in the order in which it is loaded.

/// The name and text of each file.
pub(crate) const FILES: &[(&str, &[u8])] = &[
    ("boot.el", include_bytes!("../lisp/boot.el")),
    ("subr.el", include_bytes!("../lisp/subr.el")),
    ("cl.el", include_bytes!("../lisp/cl.el")),
    ("pp.el", include_bytes!("../lisp/pp.el")),
    ("ert.el", include_bytes!("../lisp/ert.el")),
    ("text.el", include_bytes!("../lisp/text.el")),
    ("buffers.el", include_bytes!("../lisp/buffers.el")),
    ("faces.el", include_bytes!("../lisp/faces.el")),
    ("charsets.el", include_bytes!("../lisp/charsets.el")),
    ("fontset.el", include_bytes!("../lisp/fontset.el")),
    ("coding.el", include_bytes!("../lisp/coding.el")),
];
