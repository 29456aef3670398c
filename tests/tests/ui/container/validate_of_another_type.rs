use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(validate = check)]
struct Span {
    from: u32,
    to: u32,
}

fn check(span: &Span) -> bool {
    span.from <= span.to
}

fn main() {}
