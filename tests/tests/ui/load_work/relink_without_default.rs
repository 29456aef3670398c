use neodump_runtime::Dumpable;

struct Place(u32);

#[derive(Dumpable)]
struct Text {
    #[dump(relink = Text::place)]
    place: Place,
}

impl Text {
    fn place(&self) -> Place {
        Place(1)
    }
}

fn main() {}
