package random

import (
	"slices"
	"testing"
)

// The vectors are those that other implementations publish: splitmix64 of seed 1234567 (Rosetta Code,
// "Pseudo-random numbers/Splitmix64") and xoshiro256** of the state 1, 2, 3, 4 (crate rand_xoshiro, made
// with the authors' C code).
func TestRandEqualsThePublishedVectors(t *testing.T) {
	state := uint64(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423,
		4593380528125082431, 16408922859458223821} {
		if got := splitmix64(&state); got != want {
			t.Errorf("splitmix64 %d: %d, want %d", i, got, want)
		}
	}
	r := Rand{[4]uint64{1, 2, 3, 4}}
	for i, want := range []uint64{11520, 0, 1509978240, 1215971899390074240, 1216172134540287360,
		607988272756665600, 16172922978634559625, 8476171486693032832, 10595114339597558777, 2904607092377533576} {
		if got := r.Uint64(); got != want {
			t.Errorf("xoshiro256** %d: %d, want %d", i, got, want)
		}
	}
}

// A stream never changes: recorded seeds would mean other runs.
func TestStreamsAreGolden(t *testing.T) {
	for _, c := range []struct {
		seed uint64
		name string
		want [3]uint64
	}{
		{0, "", [3]uint64{0x1e28178eedbf0f30, 0x32dadb1a9e4a4d08, 0x4ef49088479a6d5c}},
		{1, "orders", [3]uint64{0xe2ffc8eeb6a34d31, 0xb7082a5f5cb16f8c, 0x3c267dd6b8edf15}},
		{1, "reads", [3]uint64{0x1239457fd2fde691, 0x3dcaeef592fa93c, 0x4b8255095885975b}},
		{1<<64 - 1, "orders", [3]uint64{0xb73c5889ee34aff4, 0x83b826c5998d0b43, 0x267d21ea705276f3}},
	} {
		r := Stream(c.seed, c.name)
		if got := [3]uint64{r.Uint64(), r.Uint64(), r.Uint64()}; got != c.want {
			t.Errorf("stream %d %q: %#v", c.seed, c.name, got)
		}
	}
}

// Below is exactly uniform: over all numbers of a generator of 64 bits every result has the same number
// of accepted ones, which for a bound that is no power of two needs rejection. Here the counts are close
// to their mean (5 standard deviations), for a bound where plain multiplication would be 50 % off.
func TestBelowHasNoBias(t *testing.T) {
	const bound, draws = 3 << 62, 100_000 // multiplication alone would give some thirds twice the chance
	r := Stream(1, "bias")
	var thirds [3]int
	for range draws {
		v := r.Below(bound)
		if v >= bound {
			t.Fatal(v)
		}
		thirds[v%3]++
	}
	for i, n := range thirds {
		if n < draws/3-750 || n > draws/3+750 {
			t.Errorf("residue %d came %d times of %d", i, n, draws)
		}
	}
}

func TestChanceIsItsRatio(t *testing.T) {
	r, hits := Stream(1, "chance"), 0
	for range 100_000 {
		if r.Chance(Ratio{3, 10}) {
			hits++
		}
		if r.Chance(Ratio{}) || !r.Chance(Ratio{1, 1}) {
			t.Fatal("never and always are exact")
		}
	}
	if hits < 29_275 || hits > 30_725 {
		t.Errorf("%d of 100 000 at 0.3", hits)
	}
}

func TestZipfFavoursLowRanksInProportion(t *testing.T) {
	r, z := Stream(1, "zipf"), NewZipf(4) // weights 12 : 6 : 4 : 3 of 25
	counts := make([]int, 4)
	for range 100_000 {
		counts[z.Pick(r)]++
	}
	for i, want := range []int{48_000, 24_000, 16_000, 12_000} {
		if d := counts[i] - want; d < -800 || d > 800 {
			t.Errorf("rank %d came %d times, want about %d", i, counts[i], want)
		}
	}
	if !slices.IsSortedFunc(counts, func(a, b int) int { return b - a }) {
		t.Error(counts)
	}
}
