use neodump_runtime::Dumpable;

#[derive(Dumpable)]
enum Weight {
    #[dump(rename = "thin")]
    Thin,
    Bold,
}

fn main() {}
