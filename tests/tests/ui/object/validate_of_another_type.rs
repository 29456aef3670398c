use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object, validate = check)]
#[repr(C)]
struct Range {
    start: u64,
    end: u64,
}

fn check(range: &Range) -> bool {
    range.start <= range.end
}

fn main() {}
