//! Numbers.

use super::{MANY, SubrDesc, arg, subr};
use crate::bignum::{self, BigInt};
use crate::error::LispResult;
use crate::machine::Vm;
use crate::object::{Bignum, Marker};
use crate::symbols::sym;
use crate::value::Value;
use std::cmp::Ordering;

pub(super) static SUBRS: [SubrDesc; 47] = [
    subr("+", 0, MANY, |vm, a| fold(vm, a, 0, i64::checked_add, |x, y| x + y, |x, y| x + y)),
    subr("*", 0, MANY, |vm, a| fold(vm, a, 1, i64::checked_mul, |x, y| x * y, |x, y| x * y)),
    subr("-", 0, MANY, |vm, a| match a {
        [] => Ok(Value::int(0)),
        [one] => {
            let zero = Value::int(0);
            fold_from(vm, zero, &[*one], i64::checked_sub, |x, y| x - y, |x, y| x - y)
        }
        [first, rest @ ..] => fold_from(vm, *first, rest, i64::checked_sub, |x, y| x - y, |x, y| x - y),
    }),
    subr("/", 1, MANY, divide),
    subr("%", 2, 2, |vm, a| remainder(vm, a, |x, y| x % y)),
    subr("mod", 2, 2, modulo),
    subr("1+", 1, 1, |vm, a| {
        fold_from(vm, a[0], &[Value::int(1)], i64::checked_add, |x, y| x + y, |x, y| x + y)
    }),
    subr("1-", 1, 1, |vm, a| {
        fold_from(vm, a[0], &[Value::int(1)], i64::checked_sub, |x, y| x - y, |x, y| x - y)
    }),
    subr("=", 1, MANY, |vm, a| chain(vm, a, |o| o == Some(Ordering::Equal))),
    subr("/=", 2, 2, |vm, a| chain(vm, a, |o| o != Some(Ordering::Equal))),
    subr("<", 1, MANY, |vm, a| chain(vm, a, |o| o == Some(Ordering::Less))),
    subr(">", 1, MANY, |vm, a| chain(vm, a, |o| o == Some(Ordering::Greater))),
    subr("<=", 1, MANY, |vm, a| chain(vm, a, |o| matches!(o, Some(Ordering::Less | Ordering::Equal)))),
    subr(">=", 1, MANY, |vm, a| chain(vm, a, |o| matches!(o, Some(Ordering::Greater | Ordering::Equal)))),
    subr("max", 1, MANY, |vm, a| extreme(vm, a, Ordering::Greater)),
    subr("min", 1, MANY, |vm, a| extreme(vm, a, Ordering::Less)),
    subr("abs", 1, 1, |vm, a| match vm.number(a[0])? {
        Num::Small(n) => Ok(vm.heap.integer(n.abs())),
        Num::Big(n) => Ok(vm.heap.bignum(&BigInt::from(n.magnitude().clone()))),
        Num::Float(f) => Ok(vm.heap.float(f.abs())),
    }),
    subr("logand", 0, MANY, |vm, a| bits(vm, a, -1, |x, y| x & y)),
    subr("logior", 0, MANY, |vm, a| bits(vm, a, 0, |x, y| x | y)),
    subr("logxor", 0, MANY, |vm, a| bits(vm, a, 0, |x, y| x ^ y)),
    subr("lognot", 1, 1, |vm, a| bits(vm, a, -1, |x, y| x ^ y)),
    subr("ash", 2, 2, shift),
    subr("lsh", 2, 2, shift),
    subr("integerp", 1, 1, |vm, a| Ok(Value::bool(is_integer(vm, a[0])))),
    subr("fixnump", 1, 1, |_, a| Ok(Value::bool(a[0].as_fixnum().is_some()))),
    subr("bignump", 1, 1, |vm, a| Ok(Value::bool(vm.heap.get::<Bignum>(a[0]).is_some()))),
    subr("natnump", 1, 1, |vm, a| {
        let big = vm.heap.get::<Bignum>(a[0]).is_some_and(|n| n.negative == 0);
        Ok(Value::bool(big || a[0].as_fixnum().is_some_and(|n| n >= 0)))
    }),
    subr("numberp", 1, 1, |vm, a| Ok(Value::bool(a[0].is_float() || is_integer(vm, a[0])))),
    subr("floatp", 1, 1, |_, a| Ok(Value::bool(a[0].is_float()))),
    subr("zerop", 1, 1, |vm, a| chain(vm, &[a[0], Value::int(0)], |o| o == Some(Ordering::Equal))),
    subr("float", 1, 1, |vm, a| {
        let f = vm.float_of(a[0])?;
        Ok(vm.heap.float(f))
    }),
    subr("truncate", 1, 2, |vm, a| round(vm, a, f64::trunc)),
    subr("floor", 1, 2, |vm, a| round(vm, a, f64::floor)),
    subr("ceiling", 1, 2, |vm, a| round(vm, a, f64::ceil)),
    subr("round", 1, 2, |vm, a| round(vm, a, f64::round_ties_even)),
    subr("sqrt", 1, 1, |vm, a| function(vm, a, f64::sqrt)),
    subr("exp", 1, 1, |vm, a| function(vm, a, f64::exp)),
    subr("log", 1, 2, |vm, a| match arg(a, 1) {
        Value::NIL => function(vm, a, f64::ln),
        base => {
            let (x, base) = (vm.float_of(a[0])?, vm.float_of(base)?);
            Ok(vm.heap.float(x.log(base)))
        }
    }),
    subr("sin", 1, 1, |vm, a| function(vm, a, f64::sin)),
    subr("cos", 1, 1, |vm, a| function(vm, a, f64::cos)),
    subr("tan", 1, 1, |vm, a| function(vm, a, f64::tan)),
    subr("atan", 1, 2, |vm, a| match arg(a, 1) {
        Value::NIL => function(vm, a, f64::atan),
        x => {
            let (y, x) = (vm.float_of(a[0])?, vm.float_of(x)?);
            Ok(vm.heap.float(y.atan2(x)))
        }
    }),
    subr("expt", 2, 2, |vm, a| match (vm.number(a[0])?, a[1].as_fixnum()) {
        (Num::Float(_), _) | (_, None) => {
            let (x, y) = (vm.float_of(a[0])?, vm.float_of(a[1])?);
            Ok(vm.heap.float(x.powf(y)))
        }
        (x, Some(n)) if (0..100_000).contains(&n) => {
            let power = x.big().pow(n as u32);
            Ok(vm.heap.bignum(&power))
        }
        (x, Some(n)) => {
            let power = bignum::to_f64(&x.big()).powf(n as f64);
            Ok(vm.heap.float(power))
        }
    }),
    subr("isnan", 1, 1, |vm, a| Ok(Value::bool(vm.heap.as_float(a[0]).is_some_and(f64::is_nan)))),
    subr("logb", 1, 1, |vm, a| {
        let f = vm.float_of(a[0])?;
        Ok(vm.heap.integer(f.abs().log2().floor() as i64))
    }),
    subr("random", 0, 1, |vm, a| {
        // A fixed start: the same program gives the same numbers.
        vm.random ^= vm.random << 13;
        vm.random ^= vm.random >> 7;
        vm.random ^= vm.random << 17;
        let limit = arg(a, 0).as_fixnum().filter(|n| *n > 0).unwrap_or(1 << 60);
        Ok(vm.heap.integer((vm.random >> 3) as i64 % limit))
    }),
    subr("logcount", 1, 1, |vm, a| {
        let n = vm.fixnum(a[0])?;
        Ok(Value::int(if n < 0 { (!n).count_ones() } else { n.count_ones() } as usize))
    }),
];

/// A number of any type.
pub(crate) enum Num {
    Small(i64),
    Big(BigInt),
    Float(f64),
}

impl Num {
    /// The number as an integer of any size; a float, which callers exclude, counts as zero.
    pub(crate) fn big(&self) -> BigInt {
        match self {
            Num::Small(n) => BigInt::from(*n),
            Num::Big(n) => n.clone(),
            Num::Float(_) => BigInt::ZERO,
        }
    }
}

fn is_integer(vm: &Vm, v: Value) -> bool {
    v.as_fixnum().is_some() || vm.heap.get::<Bignum>(v).is_some()
}

type Small = fn(i64, i64) -> Option<i64>;
type Big = fn(BigInt, BigInt) -> BigInt;
type Real = fn(f64, f64) -> f64;

fn fold(vm: &mut Vm, a: &[Value], unit: usize, small: Small, big: Big, real: Real) -> LispResult {
    fold_from(vm, Value::int(unit), a, small, big, real)
}

fn fold_from(vm: &mut Vm, first: Value, rest: &[Value], small: Small, big: Big, real: Real) -> LispResult {
    let mut sum = vm.number(first)?;
    for &v in rest {
        sum = match (sum, vm.number(v)?) {
            (Num::Small(x), Num::Small(y)) => match small(x, y) {
                Some(n) => Num::Small(n),
                None => Num::Big(big(x.into(), y.into())),
            },
            (Num::Float(x), y) => Num::Float(real(x, y.real())),
            (x, Num::Float(y)) => Num::Float(real(x.real(), y)),
            (x, y) => Num::Big(big(x.big(), y.big())),
        };
    }
    Ok(vm.number_value(sum))
}

fn divide(vm: &mut Vm, a: &[Value]) -> LispResult {
    let mut real = false;
    for &v in a {
        real |= matches!(vm.number(v)?, Num::Float(_));
    }
    let (first, rest) = if a.len() == 1 { (Value::int(1), a) } else { (a[0], &a[1..]) };
    if real {
        let mut quotient = vm.float_of(first)?;
        for &v in rest {
            quotient /= vm.float_of(v)?;
        }
        return Ok(vm.heap.float(quotient));
    }
    let mut quotient = vm.number(first)?.big();
    for &v in rest {
        let divisor = vm.number(v)?.big();
        if divisor == BigInt::ZERO {
            return Err(vm.signal(sym::arith_error, &[]));
        }
        quotient /= divisor;
    }
    Ok(vm.heap.bignum(&quotient))
}

fn remainder(vm: &mut Vm, a: &[Value], f: fn(BigInt, BigInt) -> BigInt) -> LispResult {
    let (x, y) = (vm.integer(a[0])?, vm.integer(a[1])?);
    if y == BigInt::ZERO {
        return Err(vm.signal(sym::arith_error, &[]));
    }
    Ok(vm.heap.bignum(&f(x, y)))
}

fn modulo(vm: &mut Vm, a: &[Value]) -> LispResult {
    if let (Some(x), Some(y @ 1..)) = (a[0].as_fixnum(), a[1].as_fixnum()) {
        return Ok(vm.heap.integer(x.rem_euclid(y)));
    }
    if a[0].is_float() || a[1].is_float() {
        let (x, y) = (vm.float_of(a[0])?, vm.float_of(a[1])?);
        let r = x % y;
        return Ok(vm.heap.float(if r != 0.0 && (r < 0.0) != (y < 0.0) { r + y } else { r }));
    }
    remainder(vm, a, |x, y| {
        let r = &x % &y;
        if r != BigInt::ZERO && (r < BigInt::ZERO) != (y < BigInt::ZERO) { r + y } else { r }
    })
}

fn chain(vm: &mut Vm, a: &[Value], good: fn(Option<Ordering>) -> bool) -> LispResult {
    let mut all = true;
    vm.number(a[0])?;
    for pair in a.windows(2) {
        let order = vm.compare_numbers(pair[0], pair[1])?;
        all &= good(order);
    }
    Ok(Value::bool(all))
}

fn extreme(vm: &mut Vm, a: &[Value], wanted: Ordering) -> LispResult {
    let mut best = a[0];
    vm.number(best)?;
    for &v in &a[1..] {
        if vm.compare_numbers(v, best)? == Some(wanted) || vm.heap.as_float(v).is_some_and(f64::is_nan) {
            best = v;
        }
    }
    // Of a marker it is the place that counts.
    if vm.heap.get::<Marker>(best).is_some() {
        vm.place_arg(best).map(|at| vm.heap.integer(at))
    } else {
        Ok(best)
    }
}

fn bits(vm: &mut Vm, a: &[Value], unit: i64, f: fn(BigInt, BigInt) -> BigInt) -> LispResult {
    let mut all = BigInt::from(unit);
    for &v in a {
        all = f(all, vm.integer(v)?);
    }
    Ok(vm.heap.bignum(&all))
}

fn shift(vm: &mut Vm, a: &[Value]) -> LispResult {
    let (n, by) = (vm.integer(a[0])?, vm.fixnum(a[1])?);
    if by > 1 << 24 {
        return Err(vm.signal(sym::overflow_error, &[]));
    }
    let shifted = if by >= 0 { n << by } else { n >> by.unsigned_abs().min(1 << 40) };
    Ok(vm.heap.bignum(&shifted))
}

fn round(vm: &mut Vm, a: &[Value], f: fn(f64) -> f64) -> LispResult {
    let divisor = arg(a, 1);
    if divisor.is_nil() && !a[0].is_float() {
        vm.number(a[0])?;
        return Ok(a[0]);
    }
    let x = vm.float_of(a[0])? / if divisor.is_nil() { 1.0 } else { vm.float_of(divisor)? };
    match bignum::from_f64(f(x)) {
        Some(n) => Ok(vm.heap.bignum(&n)),
        None => Err(vm.signal(sym::overflow_error, a)),
    }
}

fn function(vm: &mut Vm, a: &[Value], f: fn(f64) -> f64) -> LispResult {
    let x = vm.float_of(a[0])?;
    Ok(vm.heap.float(f(x)))
}

impl Num {
    fn real(&self) -> f64 {
        match self {
            Num::Small(n) => *n as f64,
            Num::Big(n) => bignum::to_f64(n),
            Num::Float(f) => *f,
        }
    }
}

impl Vm {
    /// The number a value is.
    pub(crate) fn number(&mut self, v: Value) -> LispResult<Num> {
        if let Some(n) = v.as_fixnum() {
            return Ok(Num::Small(n));
        }
        if let Some(f) = self.heap.as_float(v) {
            return Ok(Num::Float(f));
        }
        if self.heap.get::<Marker>(v).is_some() {
            return self.place_arg(v).map(Num::Small);
        }
        match self.heap.get::<Bignum>(v) {
            Some(n) => Ok(Num::Big(n.get())),
            None => Err(self.wrong_type(sym::number_or_marker_p, v)),
        }
    }

    pub(crate) fn check_number(&mut self, v: Value) -> LispResult<()> {
        self.number(v).map(|_| ())
    }

    fn number_value(&mut self, n: Num) -> Value {
        match n {
            Num::Small(n) => self.heap.integer(n),
            Num::Big(n) => self.heap.bignum(&n),
            Num::Float(f) => self.heap.float(f),
        }
    }

    pub(crate) fn fixnum(&mut self, v: Value) -> LispResult<i64> {
        v.as_fixnum().ok_or_else(|| self.wrong_type(sym::fixnump, v))
    }

    fn integer(&mut self, v: Value) -> LispResult<BigInt> {
        match self.number(v)? {
            Num::Float(_) => Err(self.wrong_type(sym::integer_or_marker_p, v)),
            n => Ok(n.big()),
        }
    }

    pub(crate) fn float_of(&mut self, v: Value) -> LispResult<f64> {
        Ok(self.number(v)?.real())
    }

    fn compare_numbers(&mut self, a: Value, b: Value) -> LispResult<Option<Ordering>> {
        Ok(match (self.number(a)?, self.number(b)?) {
            (Num::Small(x), Num::Small(y)) => Some(x.cmp(&y)),
            (Num::Float(x), y) => x.partial_cmp(&y.real()),
            (x, Num::Float(y)) => x.real().partial_cmp(&y),
            (x, y) => Some(x.big().cmp(&y.big())),
        })
    }
}
