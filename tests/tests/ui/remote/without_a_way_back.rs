use neodump_runtime::Dumpable;

mod other {
    pub struct Point {
        pub x: u32,
        pub y: u32,
        private: u32,
    }

    impl Point {
        pub fn private(&self) -> u32 {
            self.private
        }
    }
}

#[derive(Dumpable)]
#[dump(remote = other::Point)]
struct PointDef {
    x: u32,
    y: u32,
    #[dump(getter = other::Point::private)]
    private: u32,
}

fn main() {}
