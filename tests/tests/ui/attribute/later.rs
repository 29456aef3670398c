use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(remote = other::Type)]
struct Later {
    #[dump(weak)]
    owner: u64,
    #[dump(identity_key)]
    table: u64,
}

fn main() {}
