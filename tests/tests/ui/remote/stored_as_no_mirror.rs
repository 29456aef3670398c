use neodump_runtime::Dumpable;

mod other {
    pub struct Point {
        pub x: u32,
        pub y: u32,
    }
}

#[derive(Dumpable)]
struct PointDef {
    x: u32,
    y: u32,
}

#[derive(Dumpable)]
struct Shape {
    #[dump(remote = PointDef)]
    center: other::Point,
}

fn main() {}
