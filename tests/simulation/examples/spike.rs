#![allow(warnings)]
use std::time::Instant;
fn main() {
    let a: Vec<u64> = std::env::args().skip(1).map(|n| n.parse().unwrap()).collect();
    let t = Instant::now();
    let (mut orders, mut paid, mut refunds, mut blows, mut struck, mut bad, mut lines) = (0,0,0,0,0,0,0);
    for seed in a[0]..a[1] {
        let t1=Instant::now(); let o = simulation::schedule::run(seed); if a.len()>2 && a[2]==2 { let p = simulation::schedule::run(seed); if p.trace.hash()!=o.trace.hash() { let (x,y)=(o.trace.lines(),p.trace.lines()); let i = x.iter().zip(&y).position(|(a,b)|a!=b); println!("seed {seed} differs at {i:?}: {:?} {:?}", i.map(|i|&x[i]), i.map(|i|&y[i])); } }
        orders += o.tally.orders; paid += o.tally.paid; refunds += o.tally.refunds; blows += o.tally.blows; struck += o.tally.struck;
        lines += o.trace.lines().len();
        if !o.findings.is_empty() { bad += 1; println!("seed {seed}: {:#?}", o.findings); }
        if a.len() > 2 && a[2]==1 { println!("{}", o.trace.lines().join("\n")); }
    }
    println!("{:?} each; orders {orders} paid {paid} refunds {refunds} blows {blows} struck {struck} bad {bad} lines {lines}", t.elapsed() / (a[1]-a[0]) as u32);
}
