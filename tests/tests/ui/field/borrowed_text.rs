use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Name<'a> {
    text: &'a str,
    bytes: &'a [u8],
}

fn main() {}
