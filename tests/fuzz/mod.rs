//! The fuzz targets as plain tests: over their corpus, and over mutations of it that are the same in every run.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::{fs, path::Path};

/// Mutations of each input.
const MUTATIONS: usize = 1_000;

/// Numbers that are the same in every run (xorshift64*, Vigna 2016).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let end = u64::try_from(end.max(1)).expect("64 bits");
        usize::try_from((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end).expect("below end")
    }
}

/// Bytes that mean something to one of the parsers.
const TELLING: &[u8] = b"\0\x01\x7f\x80\xff .,:;/@#?%-_[]{}()*$'\"\\\n09azAZ";

fn mutate(input: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let place = numbers.below(input.len() + 1);
        match numbers.below(5) {
            0 => input.insert(place, TELLING[numbers.below(TELLING.len())]),
            1 if place < input.len() => {
                input.remove(place);
            }
            2 if place < input.len() => input[place] = TELLING[numbers.below(TELLING.len())],
            3 if place < input.len() => input[place] ^= 1 << numbers.below(8),
            _ => {
                let from = numbers.below(other.len() + 1);
                input.truncate(place);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
}

#[test]
fn what_must_hold_for_any_input_holds_for_the_corpus_and_beyond() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let mut paths: Vec<_> = fs::read_dir(corpus.join(name))
            .unwrap_or_else(|error| panic!("the corpus of {name}: {error}"))
            .map(|entry| entry.expect("an entry").path())
            .collect();
        paths.sort();
        let inputs: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("an input")).collect();
        assert!(inputs.len() >= 10, "{name} has a corpus");
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for input in &inputs {
            target(input);
            for _ in 0..MUTATIONS {
                let mut mutant = input.clone();
                mutate(&mut mutant, &inputs[numbers.below(inputs.len())], &mut numbers);
                target(&mutant);
            }
        }
    }
}
