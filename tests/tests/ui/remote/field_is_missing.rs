use neodump_runtime::Dumpable;

mod other {
    pub struct Point {
        pub x: u32,
        pub y: u32,
    }
}

#[derive(Dumpable)]
#[dump(remote = other::Point)]
struct PointDef {
    x: u32,
}

fn main() {}
