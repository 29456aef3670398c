use neodump_runtime::Dumpable;

#[derive(Dumpable)]
#[dump(image = "vm", version = 1, before_dump = Self::quiesce, after_dump = Self::put_back, after_load = Self::resume)]
struct Vm {
    count: u32,
}

impl Vm {
    fn quiesce(&mut self) -> u32 {
        self.count
    }

    fn put_back(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn resume(self) {}
}

fn main() {}
