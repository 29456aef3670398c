use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
struct Window {
    id: u64,
}

#[derive(Dumpable)]
struct Screen {
    #[dump(handle = reopen)]
    window: *mut Window,
}

fn reopen(window: *mut Window) -> *mut Window {
    window
}

fn main() {}
