package random

import (
	"math/bits"
	"sort"
)

// Rand is the small generator that everything random in a run comes from: xoshiro256** 1.0 (Blackman
// and Vigna, https://prng.di.unimi.it/xoshiro256starstar.c), seeded by splitmix64 as its authors
// recommend. It is ours so that a seed means the same run with every Go release. Not for secrets, and
// not for concurrent use.
type Rand struct{ s [4]uint64 }

// Stream is the generator of one component and kind of decision: what one stream is asked for moves no
// other, so that a new kind of fault does not change every old choice. Equal seeds and names give equal
// streams.
func Stream(seed uint64, name string) *Rand {
	// FNV-1a over the name, then splitmix64 over both.
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	state := seed
	state = splitmix64(&state) ^ h
	var r Rand
	for i := range r.s {
		r.s[i] = splitmix64(&state)
	}
	return &r
}

// splitmix64 (https://prng.di.unimi.it/splitmix64.c) turns any state, zero too, into one that is fit to
// seed with.
func splitmix64(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uint64 is the next number.
func (r *Rand) Uint64() uint64 {
	s := &r.s
	result := bits.RotateLeft64(s[1]*5, 7) * 9
	t := s[1] << 17
	s[2] ^= s[0]
	s[3] ^= s[1]
	s[1] ^= s[2]
	s[0] ^= s[3]
	s[2] ^= t
	s[3] = bits.RotateLeft64(s[3], 45)
	return result
}

// Below is uniform over 0..n-1, without bias: Lemire's method (Fast Random Integer Generation in an
// Interval, 2019). It panics for n = 0.
func (r *Rand) Below(n uint64) uint64 {
	if n == 0 {
		panic("sim: a number below 0 was asked for")
	}
	hi, lo := bits.Mul64(r.Uint64(), n)
	if lo < n {
		for reject := -n % n; lo < reject; {
			hi, lo = bits.Mul64(r.Uint64(), n)
		}
	}
	return hi
}

// Intn is uniform over 0..n-1. It panics for n < 1.
func (r *Rand) Intn(n int) int {
	if n < 1 {
		panic("sim: Intn needs a positive bound")
	}
	return int(r.Below(uint64(n)))
}

// Chance is true with exactly the probability p; p must be within 0..1. It always draws once, whatever
// p is, so that changing a probability does not shift the stream. (A redraw against bias comes with
// probability below Den/2^64.)
func (r *Rand) Chance(p Ratio) bool { return r.Below(p.Denominator()) < p.Num }

// Zipf picks ranks 0..n-1 with weights proportional to 1, 1/2, 1/3, ... in integers of 32 bits, so
// that no rounding of floats decides.
type Zipf struct{ cumulative []uint64 }

// NewZipf prepares the weights of n ranks, at least 1.
func NewZipf(n int) Zipf {
	z := Zipf{make([]uint64, n)}
	sum := uint64(0)
	for i := range z.cumulative {
		sum += max(1<<32/uint64(i+1), 1)
		z.cumulative[i] = sum
	}
	return z
}

// Pick draws one rank.
func (z Zipf) Pick(r *Rand) int {
	at := r.Below(z.cumulative[len(z.cumulative)-1])
	return sort.Search(len(z.cumulative), func(i int) bool { return at < z.cumulative[i] })
}
