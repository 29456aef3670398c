use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(object)]
#[repr(C)]
enum Node {
    Leaf,
}

#[derive(Dumpable)]
#[dump(image = "vm", version = 1)]
enum Vm {
    Ready,
}

#[derive(Dumpable)]
#[dump(transparent)]
enum Name {
    Only(u8),
}

fn main() {}
