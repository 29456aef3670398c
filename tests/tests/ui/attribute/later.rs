use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(remote = other::Type)]
struct Later {
    #[dump(relink = Self::chain)]
    next: u64,
    #[dump(tag = self.kind)]
    cell: u64,
    #[dump(overlay = DEFAULTS)]
    slots: u64,
    #[dump(global = REGISTRY)]
    registry: u64,
    #[dump(handle = Frames::get)]
    frame: u64,
    #[dump(weak)]
    owner: u64,
    #[dump(identity_key)]
    table: u64,
}

fn main() {}
