use neodump_runtime::Dumpable;

#[derive(Dumpable)]
struct Vm {
    #[dump(with = regex_codec)]
    regex: u8,
}

fn main() {}
