//! Sets as vectors of booleans.

use super::{SubrDesc, arg, subr};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::BoolVector;
use crate::symbols::sym;
use crate::value::Value;

pub(super) static SUBRS: [SubrDesc; 8] = [
    subr("bool-vector-union", 2, 3, |vm, a| combine(vm, a, |x, y| x | y)),
    subr("bool-vector-intersection", 2, 3, |vm, a| combine(vm, a, |x, y| x & y)),
    subr("bool-vector-exclusive-or", 2, 3, |vm, a| combine(vm, a, |x, y| x ^ y)),
    subr("bool-vector-set-difference", 2, 3, |vm, a| combine(vm, a, |x, y| x & !y)),
    subr("bool-vector-not", 1, 2, |vm, a| {
        let mut args = vec![a[0], a[0]];
        args.extend_from_slice(&a[1..]);
        combine(vm, &args, |x, _| !x)
    }),
    subr("bool-vector-subsetp", 2, 2, |vm, a| {
        let (len, x) = bits(vm, a[0])?;
        let (other, y) = bits(vm, a[1])?;
        if len != other {
            return wrong_length(vm, a);
        }
        Ok(Value::bool(x.iter().zip(&y).all(|(x, y)| x & !y == 0)))
    }),
    subr("bool-vector-count-population", 1, 1, |vm, a| {
        let (_, x) = bits(vm, a[0])?;
        Ok(Value::int(x.iter().map(|byte| byte.count_ones() as usize).sum()))
    }),
    subr("bool-vector-count-consecutive", 3, 3, |vm, a| {
        let (len, x) = bits(vm, a[0])?;
        let from = vm.index(a[2])?;
        if from as u64 > len {
            return Err(vm.signal(sym::args_out_of_range, &[a[0], a[2]]));
        }
        let same = |at: &usize| (x[at / 8] >> (at % 8) & 1 != 0) == a[1].is_true();
        Ok(Value::int((from..len as usize).take_while(same).count()))
    }),
];

fn bits(vm: &mut Vm, v: Value) -> LispResult<(u64, Vec<u8>)> {
    match vm.heap.get::<BoolVector>(v) {
        Some(vector) => Ok((vector.len, vector.bits().to_vec())),
        None => {
            let predicate = vm.intern("bool-vector-p");
            Err(vm.wrong_type(predicate, v))
        }
    }
}

fn wrong_length(vm: &mut Vm, a: &[Value]) -> LispResult {
    let condition = vm.intern("wrong-length-argument");
    Err(vm.signal(condition, a))
}

/// Combines two vectors of one length, into the third when there is one.
fn combine(vm: &mut Vm, a: &[Value], f: fn(u8, u8) -> u8) -> LispResult {
    let (len, x) = bits(vm, a[0])?;
    let (other, y) = bits(vm, a[1])?;
    if len != other {
        return wrong_length(vm, a);
    }
    let combined = x.iter().zip(&y).map(|(x, y)| f(*x, *y)).collect();
    // A new vector has no bits past its last, whatever `f` makes of zeros.
    let result = vm.heap.bool_vector(len as usize, combined);
    let into = arg(a, 2);
    if into.is_nil() {
        return Ok(result);
    }
    let (result_len, result) = bits(vm, result)?;
    if bits(vm, into)?.0 != result_len {
        return wrong_length(vm, a);
    }
    if let Some(vector) = vm.heap.get_mut::<BoolVector>(into) {
        vector.bits_mut().copy_from_slice(&result);
    }
    Ok(into)
}
