use neodump_runtime::Dumpable;

mod regex_codec {
    pub type Stored = String;
}

#[derive(Dumpable)]
struct Vm {
    #[dump(with = regex_codec)]
    regex: u8,
}

fn main() {}
